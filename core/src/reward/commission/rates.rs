//! Which rate a person has: the line's override first, then the plan's table.

use super::candidates::{Candidate, Row};
use crate::doc;
use crate::error::{Code, Error, Result};
use crate::money::Rate;
use crate::reward::plan::{Amount, Plan, RateTable, Rule, Schedule};
use crate::sale::{Override, Pay, Person};
use std::collections::BTreeSet;

/// The rates of one rule for one line.
#[derive(Clone, Copy)]
pub(super) struct Rates<'a> {
    pub(super) plan: &'a Plan,
    pub(super) rule: &'a Rule,
    pub(super) line: Option<&'a Override>,
}

impl Rates<'_> {
    /// How many levels the line has.
    pub(super) fn levels(&self) -> usize {
        let own = self.line.and_then(|line| line.values().map(Vec::len).max()).unwrap_or(0);
        self.table().levels().max(own)
    }

    const fn table(&self) -> &RateTable {
        self.rule.pay.table()
    }

    /// The rate of a candidate, or of nobody, at a level counted from 1.
    pub(super) fn of(&self, candidate: Option<Candidate<'_>>, level: usize) -> Result<Pay> {
        let label = candidate.and_then(|candidate| candidate.label);
        let person = candidate.and_then(|candidate| candidate.person);
        let rank = person.and_then(|person| person.rank.as_deref());
        let keys = || [label, rank, Some("any")].into_iter().flatten();
        if let Some(line) = self.line {
            if let Some(list) = keys().find_map(|key| line.get(key)) {
                let pay = list.get(level - 1).or_else(|| self.further(list));
                return pay.map_or(Ok(NOTHING), |pay| self.usable(*pay));
            }
        }
        let list = keys().find_map(|key| self.table().get(key)).unwrap_or_default();
        match list.get(level - 1).or_else(|| self.further(list)) {
            None => Ok(NOTHING),
            Some(Amount::Fixed(pay)) => self.usable(*pay),
            Some(Amount::Fact(name)) => person.map_or(Ok(NOTHING), |person| self.fact(person, name)),
        }
    }

    /// The rate of a level beyond a list: the last one where a walk has no end.
    fn further<'l, T>(&self, list: &'l [T]) -> Option<&'l T> {
        list.last().filter(|_| matches!(self.rule.pay, Schedule::Infinity(_)))
    }

    /// Refuses an override that names somebody the rule does not know, or pays more than there is.
    ///
    /// # Errors
    /// [`Code::InvalidSale`] for a key that is no rank, label or role, for further levels of a `differential`,
    /// which has one, and for a list where a table could be meant; [`Code::PaysTooMuch`] for levels that sum to
    /// more than 100 % without `allow`.
    pub(super) fn check_override(&self, whose: &str) -> Result<()> {
        let (Some(line), Rule { id, .. }) = (self.line, self.rule) else { return Ok(()) };
        if self.table().levels() == 0 {
            let error =
                format!("{whose}: override of rule `{id}`, whose `{}` has no table", self.rule.pay.name());
            return Err(Error::new(Code::InvalidSale, error));
        }
        let known = self.rule.rate_keys(self.plan.ranks());
        if let Some(key) = line.keys().find(|key| !known.contains(key.as_str())) {
            let names = known.into_iter().collect::<Vec<_>>().join(", ");
            let error =
                format!("{whose}: override of rule `{id}`: `{key}` is no rank, label or role: {names}");
            return Err(Error::new(Code::InvalidSale, error));
        }
        if let Some(rule) = self.misread(line, &known) {
            return Err(Error::new(Code::InvalidSale, format!("{whose}: override of rule `{id}`: {rule}")));
        }
        if self.plan.allow().contains_key(id) {
            return Ok(());
        }
        let own = line.values().cloned();
        let shadowed = |key: &str| line.contains_key(key) || line.contains_key("any");
        let plan = self.table().iter().filter(|(key, _)| !shadowed(key));
        let fixed = |amount: &Amount| match amount {
            Amount::Fixed(pay) => *pay,
            // A fact rate is refused above 100 % when it is read.
            Amount::Fact(_) => Pay::Share(Rate::ONE),
        };
        let plan = plan.map(|(_, list)| list.iter().map(fixed).collect());
        let lists: Vec<Vec<Pay>> = own.chain(plan).collect();
        let mut sum = Rate::ZERO;
        for level in 0..self.levels() {
            let shares = lists.iter().filter_map(|list| match list.get(level) {
                Some(Pay::Share(rate)) => Some(*rate),
                _ => None,
            });
            let best = shares.max().unwrap_or(Rate::ZERO);
            sum = sum.add_up(best).filter(|sum| *sum <= Rate::ONE).ok_or_else(|| {
                let error =
                    format!("{whose}: override of rule `{id}`: its levels pay more than 100% together");
                Error::new(Code::PaysTooMuch, error)
            })?;
        }
        Ok(())
    }

    /// What an override says that would not be paid, or perhaps not to whom it is meant for.
    fn misread(&self, line: &Override, known: &BTreeSet<&str>) -> Option<String> {
        if matches!(self.rule.pay, Schedule::Differential(_)) {
            let (key, list) = line.iter().find(|(_, list)| list.len() > 1)?;
            let rule = format!("`{key}` has {} rates; a differential has one a rank", list.len());
            return Some(rule);
        }
        // PHP and Lua have one type for lists and maps, and write a table of the ranks 0, 1, … as a list.
        let by_key = self.table().iter().any(|(key, _)| key != "any");
        let alone = line.len() == 1 && line.contains_key("any");
        let rule = "a list of rates, or `any` alone, where somebody is called `0` could be a table that begins \
                    with `0`; name each rank";
        (by_key && alone && known.contains("0")).then(|| rule.to_owned())
    }

    /// The highest rate in force: of the tables and of the people on the path.
    pub(super) fn highest(&self, row: &Row<'_>) -> Result<Pay> {
        let mut best = NOTHING;
        let own = self.line.into_iter().flat_map(Override::values).filter_map(|list| list.first());
        for pay in own {
            best = higher(best, self.usable(*pay)?)?;
        }
        if !self.line.is_some_and(|line| line.contains_key("any")) {
            for (key, list) in self.table().iter() {
                if let (Some(Amount::Fixed(pay)), false) =
                    (list.first(), self.line.is_some_and(|line| line.contains_key(key)))
                {
                    best = higher(best, self.usable(*pay)?)?;
                }
            }
        }
        for candidate in row.iter() {
            best = higher(best, self.of(Some(candidate), 1)?)?;
        }
        Ok(best)
    }

    fn fact(&self, person: &Person, name: &str) -> Result<Pay> {
        let who = &person.id;
        let value = person.facts.get(name).ok_or_else(|| {
            let error = format!("member {who} does not state the fact `{name}`, which is their rate");
            Error::new(Code::MissingFact, error)
        })?;
        // An integer would be minor units per unit: no bound could be proven, and 5 is often meant as 5 %.
        let what = format!("member {who}: fact `{name}`");
        let text =
            value.as_text().ok_or_else(|| doc::invalid(&what, "a rate in text such as \"5%\"", value))?;
        let rate = text.parse().map_err(|error| Error::from(error).within(&what))?;
        self.usable(Pay::Share(rate))
    }

    /// A rate of the plan as it is paid.
    pub(super) fn share(&self, rate: Rate) -> Result<Rate> {
        match self.usable(Pay::Share(rate))? {
            Pay::Share(rate) => Ok(rate),
            Pay::PerUnit(_) => Ok(Rate::ZERO),
        }
    }

    /// Refuses shares above 100 % and rounds the rate where the rule says so.
    fn usable(&self, pay: Pay) -> Result<Pay> {
        let Pay::Share(rate) = pay else { return Ok(pay) };
        if rate.numerator() > rate.denominator() && !self.plan.allow().contains_key(&self.rule.id) {
            let error = format!("rule `{}`: a rate of {rate}; at most 100%", self.rule.id);
            return Err(Error::new(Code::PaysTooMuch, error));
        }
        // Asked for every level of every walk: as it stands where nothing rounds it.
        if self.rule.round.rate_decimals.is_none() {
            return Ok(pay);
        }
        self.rule.round.rate(rate).map(Pay::Share)
    }
}

/// The rate of somebody the tables do not know.
pub(super) const NOTHING: Pay = Pay::Share(Rate::ZERO);

/// Whether a rate pays nothing.
pub(super) const fn is_nothing(pay: Pay) -> bool {
    match pay {
        Pay::Share(rate) => rate.is_zero(),
        Pay::PerUnit(minor) => minor == 0,
    }
}

/// The higher of two rates of one kind.
///
/// # Errors
/// [`Code::InvalidSale`] when a share meets an amount per unit: they have no order.
pub(super) fn higher(left: Pay, right: Pay) -> Result<Pay> {
    match (left, right) {
        (Pay::Share(a), Pay::Share(b)) => Ok(Pay::Share(a.max(b))),
        (Pay::PerUnit(a), Pay::PerUnit(b)) => Ok(Pay::PerUnit(a.max(b))),
        (nothing, other) | (other, nothing) if is_nothing(nothing) => Ok(other),
        _ => {
            let error = "an override mixes shares and amounts per unit in a differential; use one kind";
            Err(Error::new(Code::InvalidSale, error))
        }
    }
}
