//! Lines as members with texts as ids, first as columns, then joining, against maps of texts that know nothing but the
//! rules; then saved and opened.

use crate::forest_image::open;
use crate::refused;
use fenrun::id::ExternalId;
use fenrun::reward::referral::{Forest, MemberIx};
use fenrun::{Code, Result};
use std::collections::BTreeMap;

/// A line of it ends the columns.
const JOINS: &str = "--";

/// What is wrong with a row, and with those who join: any of these may be told.
type Faults = Vec<(Option<usize>, Code)>;

/// `member`, a tab and `inviter` a line: everybody is found under their text, and nobody else.
pub fn run(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let mut lines = text.split('\n').map(|line| line.split_once('\t').unwrap_or((line, "")));
    let (members, inviters): (Vec<_>, Vec<_>) =
        lines.by_ref().take_while(|(member, _)| *member != JOINS).unzip();
    let mut naive = Naive::default();
    let made = Forest::from_texts(&members, &inviters);
    let told = made.as_ref().map(drop).map_err(|error| (error.index(), error.code()));
    check(&made, &told, &naive.columns(&members, &inviters));
    let mut accepted = made.is_ok() && !members.is_empty();
    let mut forest = made.unwrap_or_default();
    for (member, inviter) in lines {
        let joined = forest.join_text(member, Some(inviter).filter(|text| !text.is_empty()), None);
        let told = joined.as_ref().map(drop).map_err(|error| (error.index(), error.code()));
        check(&joined, &told, &naive.join(member, inviter));
        accepted |= joined.is_ok();
    }
    naive.agrees_with(&forest);
    let image = forest.to_image();
    let opened = open(&image).unwrap_or_else(|error| panic!("what was saved does not open: {error}"));
    naive.agrees_with(&opened);
    assert!(opened.to_image() == image, "what was opened is saved as something else");
    accepted
}

/// What was told is one of the faults, or there are none.
fn check<T>(result: &Result<T>, told: &std::result::Result<(), (Option<usize>, Code)>, faults: &Faults) {
    match (result, told) {
        (Err(error), Err(fault)) => {
            refused(error);
            assert!(faults.contains(fault), "{error}: not among {faults:?}");
        }
        _ => assert!(faults.is_empty(), "accepted with {faults:?}"),
    }
}

/// The inviter of each member, empty for nobody.
#[derive(Default)]
struct Naive(BTreeMap<String, String>);

impl Naive {
    fn columns(&mut self, members: &[&str], inviters: &[&str]) -> Faults {
        let mut faults = Vec::new();
        let mut rows: BTreeMap<&str, usize> = BTreeMap::new();
        for (at, member) in members.iter().enumerate() {
            if ExternalId::new(member).is_err() {
                faults.push((Some(at), Code::InvalidId));
            }
            if rows.contains_key(member) {
                faults.push((Some(at), Code::DuplicateMember));
            }
            rows.entry(member).or_insert(at);
        }
        for (at, (member, inviter)) in members.iter().zip(inviters).enumerate() {
            if inviter == member {
                faults.push((Some(at), Code::SelfReferral));
            } else if !inviter.is_empty() && !rows.contains_key(inviter) {
                faults.push((Some(at), Code::UnknownMember));
            }
        }
        if faults.is_empty() {
            let above = |at: &usize| rows.get(inviters[*at]).copied();
            let circles = |at: usize| {
                std::iter::successors(above(&at), above).take(members.len()).any(|other| other == at)
            };
            faults.extend((0..members.len()).filter(|at| circles(*at)).map(|at| (Some(at), Code::Cycle)));
        }
        if faults.is_empty() {
            self.0 = members
                .iter()
                .zip(inviters)
                .map(|(member, above)| ((*member).into(), (*above).into()))
                .collect();
        }
        faults
    }

    fn join(&mut self, member: &str, inviter: &str) -> Faults {
        let known = |text: &str| self.0.contains_key(text);
        let rules = [
            (ExternalId::new(member).is_err(), Code::InvalidId),
            (known(member), Code::DuplicateMember),
            (!inviter.is_empty() && inviter == member, Code::SelfReferral),
            (!inviter.is_empty() && inviter != member && !known(inviter), Code::UnknownMember),
        ];
        let faults: Faults =
            rules.into_iter().filter(|(broken, _)| *broken).map(|(_, code)| (None, code)).collect();
        if faults.is_empty() {
            self.0.insert(member.to_owned(), inviter.to_owned());
        }
        faults
    }

    fn agrees_with(&self, forest: &Forest) {
        assert_eq!((forest.len(), forest.has_texts()), (self.0.len(), !self.0.is_empty()));
        for (member, inviter) in &self.0 {
            let ix = forest.find_text(member).unwrap_or_else(|| panic!("{member:?} is not found"));
            assert_eq!((forest.text(ix), forest.named(member)), (Some(member.as_str()), Ok(ix)));
            assert_eq!(forest.account(forest.id(ix)), Some(ix));
            assert_eq!(forest.text(forest.parent(ix, None)).unwrap_or_default(), inviter, "above {member:?}");
            let half: String = member.chars().take(member.chars().count() / 2).collect();
            for strange in [format!("{member} "), format!("{member}{member}"), half] {
                assert_eq!(
                    forest.find_text(&strange).is_some(),
                    self.0.contains_key(&strange),
                    "{strange:?}"
                );
            }
        }
        assert_eq!((forest.text(MemberIx::NOBODY), forest.find_text("")), (None, None));
    }
}
