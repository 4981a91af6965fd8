//! Forests with one fault each.

use crate::machine::{Machine, Ours, VOLUME, apply, dated, facts, told};
use crate::naive::Fact;
use crate::script::Step;
use fenrun::Code;
use fenrun::reward::referral::{Closing, Forest, MemberIx, Order, ReadIndex};
use fenrun::time::Timestamp;
use std::collections::BTreeSet;

macro_rules! faults {
    ($($name:ident,)+) => {
        /// What a mutant does wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Fault { $($name,)+ }

        impl Fault {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name,)+];
        }
    };
}

faults! {
    ShortCyclesOnly, ForgetsTheOldPath, ForgetsTheNewPath, IndexIsNotRefreshed, OrderIsNotRefreshed,
    ReadsTheForestOfNow, DatesBeginLate, MergeForgetsTheId, MergeLeavesTheDownline, RollUpStays,
    StayRollsUp, ClosedStillInvite, BindTakesOver, PageStartsLate, AboveThemselves, HeadIsCounted,
    DepthFromOne, SnapshotOfNow, MovesOutOfOrder, OnlyDenseIds, SumsWrap, SumsSaturate, SumsStayWide,
    WidthIsLostByAMove, OwnSaturates,
    MergedEver, MergeLosesTheVolume, ClosedWithoutADate, HistoryOfNow, HistoryForgetsTheFirst, HistoryRepeats,
}

pub(crate) struct Mutant {
    ours: Ours,
    fault: Fault,
    /// The forest as it was before the last step.
    before: Forest,
    /// Whose sums did not fit once.
    wide: BTreeSet<MemberIx>,
    /// Whether the last step was a move.
    moved: bool,
}

impl Mutant {
    pub(crate) fn new(fault: Fault) -> Self {
        let ours = Ours::default();
        Self { before: ours.forest.clone(), ours, fault, wide: BTreeSet::new(), moved: false }
    }

    fn rewritten(&self, step: &Step) -> Step {
        match (self.fault, step.clone()) {
            (Fault::RollUpStays, Step::Close { member, closing: Closing::RollUp, from }) => {
                Step::Close { member, closing: Closing::Stay, from }
            }
            (Fault::StayRollsUp, Step::Close { member, closing: Closing::Stay, from }) => {
                Step::Close { member, closing: Closing::RollUp, from }
            }
            (Fault::ClosedWithoutADate, Step::Close { member, closing: Closing::Stay, .. })
                if !self.ours.forest.is_dated() =>
            {
                Step::Close { member, closing: Closing::Stay, from: None }
            }
            (Fault::DatesBeginLate, Step::Rebind { member, inviter, from }) => {
                let from = from.map(|from| Timestamp::from_ms(from.ms() + 1));
                Step::Rebind { member, inviter, from }
            }
            (Fault::BindTakesOver, Step::Bind { member, inviter, from }) => {
                Step::Rebind { member, inviter, from }
            }
            (Fault::MergeLeavesTheDownline, Step::Merge { gone, from, .. }) => {
                Step::Close { member: gone, closing: Closing::RollUp, from }
            }
            (_, step) => step,
        }
    }
}

impl Machine for Mutant {
    fn step(&mut self, step: &Step) -> Result<(), Code> {
        self.before = self.ours.forest.clone();
        self.moved = !matches!(step, Step::Join { .. } | Step::Add { .. });
        let rewritten = self.rewritten(step);
        let did = apply(&mut self.ours.forest, &rewritten);
        match (self.fault, &did, step) {
            // A cycle that is longer than one looks is not found.
            (Fault::ShortCyclesOnly, Err(Code::Cycle), Step::Rebind { member, inviter, .. }) => {
                let forest = &self.ours.forest;
                let (low, high) = (forest.find(*inviter).unwrap(), forest.find(*member).unwrap());
                if forest.upline(low, None).take(2).any(|up| up == high) { did } else { Ok(()) }
            }
            (Fault::OwnSaturates, Err(Code::Overflow), Step::Add { .. }) => Ok(()),
            (Fault::ClosedStillInvite, Err(Code::ClosedMember), Step::Join { .. }) => Ok(()),
            (Fault::MovesOutOfOrder, Err(Code::InvalidValue), Step::Rebind { .. }) => Ok(()),
            (Fault::MergeLosesTheVolume, Ok(()), Step::Merge { gone, .. }) => {
                let had = self.before.find(*gone).map_or(0, |ix| self.before.own(VOLUME, ix).unwrap());
                let kept = self.ours.forest.find(*gone).unwrap();
                self.ours.forest.add(VOLUME, kept, -had).unwrap();
                did
            }
            (Fault::OnlyDenseIds, _, Step::Join { member, .. }) if *member > 6 => Err(Code::InvalidId),
            _ => did,
        }
    }

    fn view(&mut self) -> Vec<Fact> {
        let (before, after) = (&self.before, &self.ours.forest);
        let (order, index) = (Order::of(after), ReadIndex::of(after));
        let mut seen = facts(after, &order, &index);
        let mut take = |what: &str, other: Vec<Fact>| {
            for (name, value) in &mut seen {
                let found = other.iter().find(|(other, _)| other == name && name.starts_with(what));
                if let Some((_, other)) = found {
                    value.clone_from(other);
                }
            }
        };
        let old = |forest: &Forest| facts(forest, &Order::of(forest), &ReadIndex::of(forest));
        match self.fault {
            // Sums of those who lost, or won, somebody stay as they were.
            Fault::ForgetsTheOldPath | Fault::ForgetsTheNewPath => {
                let gained = |name: &str| {
                    let who = before.members().find(|ix| name == format!("kept of {}", before.id(*ix)));
                    let size = |forest: &Forest| who.map(|ix| forest.team("people", ix).unwrap());
                    size(after).cmp(&size(before)).is_gt()
                };
                let wanted = self.fault == Fault::ForgetsTheNewPath;
                let kept = old(before);
                take("kept", kept.into_iter().filter(|(name, _)| gained(name) == wanted).collect());
            }
            Fault::IndexIsNotRefreshed => take("team", old(before)),
            Fault::OrderIsNotRefreshed => {
                let stale = Order::of(before);
                if !stale.is_current(after) && !order.is_join_order() {
                    take("swept", old(before));
                }
            }
            Fault::ReadsTheForestOfNow => {
                let now: Vec<Fact> = after
                    .members()
                    .flat_map(|ix| {
                        let now: Vec<_> = after.upline(ix, None).map(|up| after.id(up)).collect();
                        (0..6).map(move |at| (ix, at, format!("{now:?}")))
                    })
                    .map(|(ix, at, now)| (format!("upline at {at} of {}", after.id(ix)), now))
                    .collect();
                take("upline at", now);
            }
            Fault::SnapshotOfNow => {
                let parent = |ix| Some(after.id(after.parent(ix, None))).filter(|id| *id != 0);
                let now = format!("{:?}", after.members().map(parent).collect::<Vec<_>>());
                take("snapshot", (0..6).map(|at| (format!("snapshot at {at}"), now.clone())).collect());
            }
            Fault::MergedEver => {
                let now = |id: &u64| format!("{:?}", after.find(*id).map(|ix| after.id(ix)));
                let ever = crate::script::IDS.iter().flat_map(|id| (0..6).map(move |at| (id, at)));
                take("", ever.map(|(id, at)| (format!("{id} was at {at}"), now(id))).collect());
            }
            Fault::MergeForgetsTheId => {
                let own = |id: &u64| {
                    (format!("{id} is"), format!("{:?}", after.account(*id).map(|ix| after.id(ix))))
                };
                take("", crate::script::IDS.iter().map(own).collect());
            }
            _ => self.spoil(&mut seen),
        }
        seen
    }
}

impl Mutant {
    /// Faults of a single answer.
    fn spoil(&mut self, seen: &mut [Fact]) {
        let forest = &self.ours.forest;
        let index = ReadIndex::of(forest);
        for (name, value) in seen {
            let Some((what, who)) = name.split_once(" of ") else { continue };
            let Some(ix) = who.parse().ok().and_then(|id| forest.account(id)) else { continue };
            let ids = |found: &mut dyn Iterator<Item = _>| found.map(|ix| forest.id(ix)).collect::<Vec<_>>();
            let own = |ix: &MemberIx| i128::from(forest.own(VOLUME, *ix).unwrap());
            let sum = own(&ix) + index.team(ix).iter().map(own).sum::<i128>();
            match (self.fault, what) {
                (Fault::SumsWrap, "kept") => *value = wrapped(sum),
                (Fault::WidthIsLostByAMove, "kept") if self.moved => *value = wrapped(sum),
                (Fault::SumsSaturate, "kept") => {
                    *value = sum.clamp(i64::MIN.into(), i64::MAX.into()).to_string();
                }
                (Fault::SumsStayWide, "kept") => {
                    if i64::try_from(sum).is_err() {
                        self.wide.insert(ix);
                    }
                    if self.wide.contains(&ix) {
                        *value = format!("{:?}", Code::Overflow);
                    }
                }
                (Fault::PageStartsLate, "page") => {
                    *value = format!("{:?}", ids(&mut index.page(ix, 2, 2).iter().copied()));
                }
                (Fault::AboveThemselves, "above") => {
                    let mut below =
                        forest.members().filter(|below| *below == ix || index.is_above(ix, *below));
                    *value = format!("{:?}", ids(&mut below));
                }
                (Fault::HeadIsCounted, "generations") => {
                    let mut generations = vec![1];
                    generations.extend(index.generations(ix));
                    *value = format!("{generations:?}");
                }
                (Fault::HistoryOfNow, "told") => *value = told(forest, &[(None, forest.parent(ix, None))]),
                (Fault::HistoryForgetsTheFirst, "told") => *value = told(forest, &forest.history(ix)[1..]),
                (Fault::HistoryRepeats, "history") => {
                    // A close or a merge that moves nobody, told as if it had.
                    let mut history = forest.history(ix);
                    if forest.is_closed(ix) && history.iter().all(|(from, _)| from.is_none()) {
                        let last = history[history.len() - 1].1;
                        history.push((Some(Timestamp::from_ms(0)), last));
                    }
                    *value = dated(forest, &history);
                }
                (Fault::DepthFromOne, "depth") => *value = (index.depth(ix) + 1).to_string(),
                _ => {}
            }
        }
    }
}

/// What 64 bits keep of a sum.
fn wrapped(sum: i128) -> String {
    let low: [u8; 8] = sum.to_le_bytes()[..8].try_into().unwrap();
    i64::from_le_bytes(low).to_string()
}
