//! What one close of a period hands to the next: volume that waits for a partner, and what caps that run
//! longer than a period have let through so far.

use super::calendar::PeriodKey;
use super::pairing::Legs;
use super::who::Who;
use crate::doc::{self, Fields, Node};
use crate::error::{Code, Error, Result};
use crate::id::MemberId;
use crate::reward::plan::Period;
use std::collections::BTreeMap;

/// The version of the document.
const FORMAT: i64 = 0;
/// The payee of a counter of everybody.
const EVERYBODY: &str = "0";

/// Whose amounts a cap counts: a rule or, where it is empty, the whole plan; a payee or everybody.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Counter {
    pub(super) rule: String,
    pub(super) payee: Option<Who>,
    pub(super) window: PeriodKey,
}

/// What goes into a close and comes out of it. The first close of a plan starts from [`Carry::default`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carry {
    /// The last period of each length that was closed.
    closed: BTreeMap<Period, PeriodKey>,
    /// Legs by rule and member; below zero they are debts.
    legs: BTreeMap<(String, Who), Legs>,
    used: BTreeMap<Counter, i64>,
}

impl Carry {
    /// The volume that waits for a member under a pairing rule.
    #[must_use]
    pub fn legs(&self, rule: &str, member: &MemberId) -> Legs {
        self.legs.get(&(rule.to_owned(), Who::new(member.clone()))).copied().unwrap_or_default()
    }

    /// Every member with volume that waits, by rule and member.
    pub fn all_legs(&self) -> impl Iterator<Item = (&str, &MemberId, Legs)> {
        self.legs.iter().map(|((rule, member), legs)| (rule.as_str(), &member.id, *legs))
    }

    pub(super) fn set_legs(&mut self, rule: &str, member: &MemberId, legs: Legs) {
        let key = (rule.to_owned(), Who::new(member.clone()));
        if legs.is_empty() {
            self.legs.remove(&key);
        } else {
            self.legs.insert(key, legs);
        }
    }

    pub(super) fn used(&self, counter: &Counter) -> i64 {
        self.used.get(counter).copied().unwrap_or(0)
    }

    pub(super) fn use_up(&mut self, counter: Counter, amount: i64) -> Result<()> {
        let sum = self.used(&counter).checked_add(amount);
        let sum = sum.ok_or_else(|| Error::new(Code::Overflow, "what a cap counts does not fit 64 bits"))?;
        if sum == 0 {
            self.used.remove(&counter);
        } else {
            self.used.insert(counter, sum);
        }
        Ok(())
    }

    /// Refuses a period that was closed before, or one before it.
    pub(super) fn admit(&self, period: PeriodKey) -> Result<()> {
        match self.closed.get(&period.every()) {
            Some(last) if *last >= period => {
                let error =
                    format!("period {period}: the carry is that of {last}, which was closed after it");
                Err(Error::new(Code::InvalidValue, error))
            }
            _ => Ok(()),
        }
    }

    /// Refuses a past period that nothing was posted of yet: one that does not lie before the one that closes, or
    /// that no close before it closed.
    pub(super) fn admit_past(&self, past: PeriodKey, closing: PeriodKey) -> Result<()> {
        let every = past.every();
        let why = match self.closed.get(&every) {
            _ if every == closing.every() && past >= closing => {
                format!("it does not lie before {closing}, the period that closes")
            }
            Some(last) if past <= *last => return Ok(()),
            Some(last) => format!("the last {} that the carry knows as closed is {last}", every.name()),
            None => format!("the carry knows no closed {}; state what the close before left", every.name()),
        };
        let error = format!("past: {past} is not closed, and only closed periods are adjusted: {why}");
        Err(Error::new(Code::InvalidValue, error))
    }

    /// Marks a period as closed and drops the counters of windows that end with it.
    pub(super) fn close(&mut self, period: PeriodKey) {
        self.closed.insert(period.every(), period);
        let end = period.next().start(0);
        self.used.retain(|counter, _| counter.window.end(0) > end);
    }

    /// What of this carry is not in another.
    ///
    /// # Errors
    /// [`Code::Overflow`].
    pub(super) fn minus(&self, other: &Self) -> Result<Self> {
        let mut difference = Self::default();
        for (rule, member) in self.legs.keys().chain(other.legs.keys()) {
            let legs = self.legs(rule, &member.id).minus(other.legs(rule, &member.id))?;
            difference.set_legs(rule, &member.id, legs);
        }
        for counter in self.used.keys().chain(other.used.keys()) {
            let change = self.used(counter).checked_sub(other.used(counter));
            let change =
                change.ok_or_else(|| Error::new(Code::Overflow, "what a cap counts does not fit"))?;
            if change != 0 {
                difference.used.insert(counter.clone(), change);
            }
        }
        Ok(difference)
    }

    /// This carry and what a difference adds to it. Counters of windows that are over stay away.
    ///
    /// # Errors
    /// [`Code::Overflow`].
    pub(super) fn plus(&self, difference: &Self, from: PeriodKey) -> Result<Self> {
        let mut sum = self.clone();
        for (rule, member, legs) in difference.all_legs() {
            let legs = sum.legs(rule, member).plus(legs)?;
            sum.set_legs(rule, member, legs);
        }
        let start = from.start(0);
        for (counter, change) in difference.used.iter().filter(|(counter, _)| counter.window.end(0) > start) {
            sum.use_up(counter.clone(), *change)?;
        }
        Ok(sum)
    }

    /// The document: keep it beside the outcome of the period.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let closed = self.closed.values().map(|period| Node::from(period.to_string()));
        let legs = self.all_legs().map(|(rule, member, legs)| {
            Node::map([
                ("rule", Node::from(rule)),
                ("member", member.into()),
                ("left", legs.left.into()),
                ("right", legs.right.into()),
            ])
        });
        let used = self.used.iter().map(|(counter, amount)| {
            Node::map([
                ("rule", Node::from(counter.rule.as_str())),
                ("payee", counter.payee.as_ref().map_or_else(|| EVERYBODY.into(), |who| (&who.id).into())),
                ("window", counter.window.to_string().into()),
                ("amount", (*amount).into()),
            ])
        });
        let body = Node::map([
            ("closed", Node::List(closed.collect())),
            ("legs", Node::List(legs.collect())),
            ("used", Node::List(used.collect())),
        ]);
        let sum = doc::short_hash(&[&body.to_json()]);
        Node::map([("carry", Node::Int(FORMAT)), ("sum", sum.into()), ("body", body)])
    }

    /// Reads the document back.
    ///
    /// # Errors
    /// [`Code::InvalidFrozen`] when it is of another version, damaged or changed.
    pub fn from_node(node: &Node) -> Result<Self> {
        let damaged = |why: &str| Error::new(Code::InvalidFrozen, format!("carry: {why}"));
        let mut fields = Fields::new(node, "carry")?;
        match fields.take("carry") {
            Some(Node::Int(FORMAT)) => {}
            _ => return Err(damaged("the document was not made by this version of fenrun")),
        }
        let (sum, body) = (fields.text("sum")?.unwrap_or_default(), fields.need("body")?);
        fields.finish()?;
        if sum != doc::short_hash(&[&body.to_json()]) {
            return Err(damaged("the checksum does not fit; the document was changed or cut"));
        }
        Self::body(body).map_err(|error| damaged(error.message()))
    }

    fn body(node: &Node) -> Result<Self> {
        let mut carry = Self::default();
        let mut fields = Fields::new(node, "body")?;
        for period in fields.list("closed")? {
            let period = PeriodKey::parse(period.as_text().unwrap_or_default())?;
            carry.closed.insert(period.every(), period);
        }
        for entry in fields.list("legs")? {
            let mut entry = Fields::new(entry, "legs")?;
            let rule = entry.need_text("rule")?.to_owned();
            let member = MemberId::new(entry.need_text("member")?)?;
            let legs = Legs { left: entry.need_int("left")?, right: entry.need_int("right")? };
            entry.finish()?;
            carry.set_legs(&rule, &member, legs);
        }
        for entry in fields.list("used")? {
            let mut entry = Fields::new(entry, "used")?;
            let rule = entry.need_text("rule")?.to_owned();
            let payee = match entry.need_text("payee")? {
                EVERYBODY => None,
                payee => Some(Who::new(MemberId::new(payee)?)),
            };
            let window = PeriodKey::parse(entry.need_text("window")?)?;
            let amount = entry.need_int("amount")?;
            entry.finish()?;
            carry.used.insert(Counter { rule, payee, window }, amount);
        }
        fields.finish()?;
        Ok(carry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_carry_survives_being_written_and_nothing_else_does() {
        let mut carry = Carry::default();
        let day = PeriodKey::parse("day/2026-11-30").unwrap();
        let (seven, text) = (MemberId::from(7), MemberId::new("甲").unwrap());
        carry.set_legs("pairs", &seven, Legs { left: 100, right: -5 });
        carry.set_legs("pairs", &text, Legs { left: 3, right: 0 });
        let counter = |window: &str| Counter {
            rule: String::new(),
            payee: Some(Who::new(text.clone())),
            window: PeriodKey::parse(window).unwrap(),
        };
        carry.use_up(counter("month/2026-11-01"), 60).unwrap();
        carry.use_up(counter("week/2026-11-30"), 6).unwrap();
        carry.use_up(Counter { payee: None, ..counter("month/2026-11-01") }, 9).unwrap();
        carry.close(day);
        let text = carry.to_node().to_json();
        let read = Carry::from_node(&doc::read_json(&text, 10_000).unwrap()).unwrap();
        assert_eq!(read, carry);
        assert_eq!((read.used(&counter("month/2026-11-01")), read.used(&counter("week/2026-11-30"))), (0, 6));
        assert_eq!(read.admit(day).unwrap_err().code(), Code::InvalidValue);
        read.admit(day.next()).unwrap();
        let changed = doc::read_json(&text.replace("100", "101"), 10_000).unwrap();
        assert_eq!(Carry::from_node(&changed).unwrap_err().code(), Code::InvalidFrozen);
        assert_eq!(carry.minus(&carry).unwrap().plus(&carry, day).unwrap().legs("pairs", &seven).left, 100);
    }
}
