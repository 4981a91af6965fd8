//! What a law is, and how one is shown to be worth something: it holds for the engine and for the honest
//! interpreter, and it breaks for mistakes that were planted.

use std::fmt::Debug;

/// What a case says about a law: it holds, the case does not concern it, or it is broken.
pub(crate) type Verdict = Result<Bearing, String>;

/// Whether a case concerns a law.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bearing {
    /// The law was put to the test.
    Tested,
    /// The case says nothing about it.
    Beside,
}

/// A law about a subject `S`, with the planted mistakes `M` that must break it.
pub(crate) struct Law<S: ?Sized, M: 'static> {
    pub(crate) name: &'static str,
    /// Puts the law to the test on the case of a seed.
    pub(crate) holds: fn(&S, u64) -> Verdict,
    pub(crate) suspects: &'static [M],
}

/// How many cases: `FENRUN_CASES`, or so many.
pub(crate) fn cases(usual: u64) -> u64 {
    std::env::var("FENRUN_CASES").map_or(usual, |text| text.parse().expect("FENRUN_CASES is a number"))
}

impl<S: ?Sized, M: Copy + Debug> Law<S, M> {
    /// Shows that the law holds for the subjects and that every suspect breaks it.
    pub(crate) fn prove(&self, subjects: &[(&str, &S)], plant: impl Fn(M) -> Box<S>) {
        self.prove_over(cases(1_000), subjects, plant);
    }

    /// As [`Law::prove`], over so many cases: for laws each of whose cases is many.
    pub(crate) fn prove_over(&self, cases: u64, subjects: &[(&str, &S)], plant: impl Fn(M) -> Box<S>) {
        for (who, subject) in subjects {
            let mut tested = 0;
            for seed in 0..cases {
                match (self.holds)(subject, seed) {
                    Ok(bearing) => tested += u64::from(bearing == Bearing::Tested),
                    Err(why) => panic!("{}, {who}, seed {seed}: {why}", self.name),
                }
            }
            assert!(tested * 10 >= cases, "{}: only {tested} of {cases} cases concern it", self.name);
        }
        let mut row = String::new();
        for suspect in self.suspects {
            let subject = plant(*suspect);
            // Some mistakes show only where numbers meet by chance.
            let caught = (0..cases.max(3_000)).find(|seed| (self.holds)(&subject, *seed).is_err());
            let caught = caught.unwrap_or_else(|| panic!("{}: {suspect:?} is not caught", self.name));
            row.push_str(&format!(" {suspect:?}@{caught}"));
        }
        assert!(self.suspects.len() >= 5, "{}: too few mistakes are planted", self.name);
        println!("| {} | {} of {} caught:{row} |", self.name, self.suspects.len(), self.suspects.len());
    }
}

/// Breaks the law unless something holds.
pub(crate) fn need(holds: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(why()) }
}
