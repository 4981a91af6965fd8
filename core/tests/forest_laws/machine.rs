//! A forest as the law sees it, and ours.

use crate::naive::Fact;
use crate::script::{IDS, MOMENTS, Step};
use fenrun::Code;
use fenrun::reward::referral::{Forest, MemberIx, Order, ReadIndex};
use fenrun::time::Timestamp;

/// The volume that is kept, and the count of people.
pub(crate) const VOLUME: &str = "volume";
pub(crate) const PEOPLE: &str = "people";

pub(crate) trait Machine {
    fn step(&mut self, step: &Step) -> Result<(), Code>;
    fn view(&mut self) -> Vec<Fact>;
}

pub(crate) struct Ours {
    pub(crate) forest: Forest,
    pub(crate) order: Order,
    pub(crate) index: ReadIndex,
}

impl Default for Ours {
    fn default() -> Self {
        let mut forest = Forest::new();
        forest.track(VOLUME, &[], 0).unwrap();
        forest.track(PEOPLE, &[], 1).unwrap();
        Self { order: Order::of(&forest), index: ReadIndex::of(&forest), forest }
    }
}

impl Machine for Ours {
    fn step(&mut self, step: &Step) -> Result<(), Code> {
        apply(&mut self.forest, step)
    }

    fn view(&mut self) -> Vec<Fact> {
        self.order.refresh(&self.forest);
        self.index.refresh(&self.forest);
        facts(&self.forest, &self.order, &self.index)
    }
}

pub(crate) fn apply(forest: &mut Forest, step: &Step) -> Result<(), Code> {
    let done = match *step {
        Step::Join { member, inviter, from } => forest.join(member, inviter, from).map(drop),
        Step::Bind { member, inviter, from } => forest.bind(member, inviter, from),
        Step::Rebind { member, inviter, from } => forest.rebind(member, inviter, from),
        Step::Unbind { member, from } => forest.unbind(member, from),
        Step::Merge { kept, gone, from } => forest.merge(kept, gone, from),
        Step::Close { member, closing, from } => forest.close(member, closing, from),
        Step::Add { member, amount } => match forest.find(member) {
            None => Err(fenrun::Error::new(Code::UnknownMember, "nobody")),
            Some(ix) => forest.add(VOLUME, ix, amount),
        },
    };
    done.map_err(|error| error.code())
}

/// Who a history says was above a member at each moment, and is now.
pub(crate) fn told(forest: &Forest, history: &[(Option<Timestamp>, MemberIx)]) -> String {
    assert!(history.is_sorted_by_key(|(from, _)| *from), "{history:?}");
    let last = |at: Option<i64>| {
        let counts = |from: Option<Timestamp>| at.is_none_or(|at| from.is_none_or(|from| from.ms() <= at));
        history.iter().rev().find(|(from, _)| counts(*from)).map(|(_, above)| forest.id(*above))
    };
    format!("{:?}", MOMENTS.map(Some).chain([None]).map(last).collect::<Vec<_>>())
}

/// A history with the ids of the host.
pub(crate) fn dated(forest: &Forest, history: &[(Option<Timestamp>, MemberIx)]) -> String {
    let step = |(from, above): &(Option<Timestamp>, MemberIx)| (from.map(Timestamp::ms), forest.id(*above));
    format!("{:?}", history.iter().map(step).collect::<Vec<_>>())
}

/// All that can be read, in the order of the model.
pub(crate) fn facts(forest: &Forest, order: &Order, index: &ReadIndex) -> Vec<Fact> {
    let ids = |found: &mut dyn Iterator<Item = MemberIx>| found.map(|ix| forest.id(ix)).collect::<Vec<_>>();
    let mut facts = vec![("members".to_owned(), format!("{:?}", ids(&mut forest.members())))];
    let found: Vec<_> = IDS.iter().map(|id| forest.find(*id).map(|ix| forest.id(ix))).collect();
    for (id, who) in IDS.iter().zip(found) {
        facts.push((format!("{id} is"), format!("{who:?}")));
        for at in MOMENTS {
            let then = forest.find_at(*id, Timestamp::from_ms(at)).map(|ix| forest.id(ix));
            facts.push((format!("{id} was at {at}"), format!("{then:?}")));
        }
    }
    let own: Vec<i64> = forest.members().map(|ix| forest.own(VOLUME, ix).unwrap()).collect();
    let said = |sum: Result<i64, Code>| sum.map_or_else(|code| format!("{code:?}"), |sum| sum.to_string());
    let (swept, subtracted) = (order.sums(forest, &own), index.sums(&own));
    for ix in forest.members() {
        let who = forest.id(ix);
        let mut fact = |what: &str, value: String| facts.push((format!("{what} of {who}"), value));
        fact("closed", forest.is_closed(ix).to_string());
        fact("upline", format!("{:?}", ids(&mut forest.upline(ix, None))));
        for at in MOMENTS {
            let upline = ids(&mut forest.upline(ix, Some(Timestamp::from_ms(at))).take(20));
            fact(&format!("upline at {at}"), format!("{upline:?}"));
        }
        fact("told", told(forest, &forest.history(ix)));
        fact("history", dated(forest, &forest.history(ix)));
        fact("own", own[ix.index() - 1].to_string());
        fact("kept", said(forest.team(VOLUME, ix).map_err(|error| error.code())));
        fact("swept", said(swept.as_ref().map(|sums| sums[ix.index() - 1]).map_err(|error| error.code())));
        let subtracted = subtracted.as_ref().map_err(fenrun::Error::clone).and_then(|sums| sums.team(ix));
        fact("subtracted", said(subtracted.map_err(|error| error.code())));
        fact("people", forest.team(PEOPLE, ix).unwrap().to_string());
        let mut below = forest.members().filter(|below| index.is_above(ix, *below));
        fact("above", format!("{:?}", ids(&mut below)));
        fact("page", format!("{:?}", ids(&mut index.page(ix, 1, 2).iter().copied())));
        fact("team", format!("{:?}", ids(&mut index.team(ix).iter().copied())));
        fact("below", format!("{:?}", ids(&mut index.directly_below(ix))));
        fact("depth", index.depth(ix).to_string());
        fact("generations", format!("{:?}", index.generations(ix)));
        fact("second generation", format!("{:?}", ids(&mut index.generation(ix, 2))));
    }
    for at in MOMENTS {
        let past = forest.as_of(Timestamp::from_ms(at));
        let parent = |ix| Some(past.id(past.parent(ix, None))).filter(|id| *id != 0);
        let parents: Vec<_> = past.members().map(parent).collect();
        facts.push((format!("snapshot at {at}"), format!("{parents:?}")));
    }
    facts
}
