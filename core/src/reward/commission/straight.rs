//! Rules of flat rates straight up the upline, compiled: what most sales of most shops are settled by.

use super::candidates::Row;
use super::divide::Share;
use super::lines::{Left, applies, base};
use super::people::rank;
use super::reason::Reason;
use super::slots::{Slot, Walk};
use super::totals::Totals;
use crate::money::{Rate, narrow};
use crate::reward::plan::{Amount, Per, Plan, REFERRAL, Reach, Rule, Schedule, Stop, StopSource, Trigger};
use crate::sale::{Pay, Person, Sale};

/// One rule: a rate per level, by rank or for everybody.
struct Straight<'p> {
    at: usize,
    rule: &'p Rule,
    limit: usize,
    levels: usize,
    /// The rates of each rank by level, and of everybody else.
    ranked: Vec<(&'p str, Vec<Flat>)>,
    any: Vec<Flat>,
}

/// A rate, and the multiplication that serves for it.
#[derive(Clone, Copy)]
struct Flat {
    rate: Rate,
    share: Option<Share>,
}

/// The rules of a plan, and memory that is kept from sale to sale.
pub(super) struct Compiled<'p> {
    plan: &'p Plan,
    rules: Vec<Straight<'p>>,
    slots: Vec<Slot>,
    bases: Vec<(usize, i64)>,
    pub(super) paid: Vec<Paid>,
    offered: i128,
    retained: [i128; Reason::ALL.len()],
}

/// An amount, with its payee's place in the upline.
#[derive(Clone, Copy)]
pub(super) struct Paid {
    pub(super) rule: usize,
    pub(super) line: usize,
    pub(super) level: usize,
    pub(super) stop: usize,
    pub(super) amount: i64,
}

impl<'p> Compiled<'p> {
    /// `None` for a plan with any other rule.
    pub(super) fn new(plan: &'p Plan) -> Option<Self> {
        let rules = plan.sequence(None).map(|at| Straight::new(plan, at));
        let rules = rules.collect::<Option<_>>().filter(|_| plan.caps().is_empty())?;
        Some(Self {
            plan,
            rules,
            slots: Vec::new(),
            bases: Vec::new(),
            paid: Vec::new(),
            offered: 0,
            retained: [0; Reason::ALL.len()],
        })
    }

    /// Settles a sale. `None` for one with rates of its own, and for one that cannot be settled: the general
    /// way says why.
    pub(super) fn settle(&mut self, sale: &Sale, left: Option<&[Left]>) -> Option<Totals> {
        let states_used = sale.used.as_ref().is_some_and(|used| !used.is_empty());
        let foreign = sale.currency != self.plan.currency();
        if foreign || states_used || sale.lines.iter().any(|line| !line.overrides.is_empty()) {
            return None;
        }
        self.paid.clear();
        (self.offered, self.retained) = (0, [0; Reason::ALL.len()]);
        for place in 0..self.rules.len() {
            self.run(place, sale, left)?;
        }
        let mut totals = Totals::new(narrow(self.offered, String::new).ok()?);
        for (reason, amount) in Reason::ALL.iter().zip(&self.retained).filter(|(_, amount)| **amount != 0) {
            totals.retain(*reason, narrow(*amount, String::new).ok()?).ok()?;
        }
        Some(totals)
    }

    fn run(&mut self, place: usize, sale: &Sale, left: Option<&[Left]>) -> Option<()> {
        let Self { plan, rules, slots, bases, .. } = self;
        let straight = &rules[place];
        let rule = straight.rule;
        bases.clear();
        for (at, line) in sale.lines.iter().enumerate() {
            if applies(rule, sale, line, plan.ranks()).ok()? {
                let left = left.map_or_else(|| Left::all(line), |left| left[at]);
                bases.push((at, base(rule, sale, line, left).ok()?));
            }
        }
        if bases.is_empty() {
            return Some(());
        }
        let people = sale.upline.get(..straight.limit).unwrap_or(&sale.upline);
        for person in people {
            rank(plan, sale, person).ok()?;
        }
        let row = Row::Upline { people, label: None };
        Walk { plan, rule, row: &row }.fill_levels(straight.levels, slots).ok()?;
        slots.retain(|slot| !slot.passed);
        self.amounts(place, people)
    }

    /// What each slot of each line comes to. All of it is offered, whoever gets it.
    fn amounts(&mut self, place: usize, people: &[Person]) -> Option<()> {
        let straight = &self.rules[place];
        for (line, base) in &self.bases {
            for slot in &self.slots {
                let list = straight.list(slot.stands.and_then(|at| people.get(at)));
                let Some(flat) = list.get(slot.level - 1) else { continue };
                let amount = match &flat.share {
                    Some(share) if *base <= share.max() => share.of(*base),
                    _ => flat.rate.of(*base, straight.rule.round.mode).ok()?,
                };
                self.offered += i128::from(amount);
                let reason = match slot.reason {
                    None if amount < straight.rule.round.min => Some(Reason::BelowMinimum),
                    reason => reason,
                };
                match (reason, slot.payee) {
                    (None, Some(stop)) => {
                        let (rule, line, level) = (straight.at, *line, slot.level);
                        // A minimum of one minor unit or more keeps zeros away.
                        self.paid.push(Paid { rule, line, level, stop, amount });
                    }
                    (reason, _) => {
                        let at = Reason::ALL.iter().position(|known| Some(*known) == reason)?;
                        self.retained[at] += i128::from(amount);
                    }
                }
            }
        }
        Some(())
    }
}

impl<'p> Straight<'p> {
    fn new(plan: &'p Plan, at: usize) -> Option<Self> {
        let rule = &plan.rules()[at];
        let Schedule::Levels(table) = &rule.pay else { return None };
        let [
            Stop { source: StopSource::Up { tree, limit, reach: Reach::Everybody, label: None }, when: None },
        ] = rule.to.as_slice()
        else {
            return None;
        };
        let simple = rule.trigger == Trigger::Order && rule.caps.is_empty() && rule.split.is_none();
        if !simple || tree != REFERRAL || rule.round.per != Per::Line || rule.round.min < 1 {
            return None;
        }
        let mut straight =
            Self { at, rule, limit: *limit, levels: table.levels(), ranked: Vec::new(), any: Vec::new() };
        for (key, list) in table.iter() {
            let list = list.iter().map(|amount| Flat::new(rule, amount)).collect::<Option<_>>()?;
            match key {
                "any" => straight.any = list,
                rank => straight.ranked.push((rank, list)),
            }
        }
        Some(straight)
    }

    /// The rates of somebody, or of nobody.
    fn list(&self, person: Option<&Person>) -> &[Flat] {
        let rank = person.and_then(|person| person.rank.as_deref());
        let own = self.ranked.iter().find(|(key, _)| Some(*key) == rank);
        own.map_or(&self.any, |(_, list)| list)
    }
}

impl Flat {
    /// Rates above 100 % are an error or a matter of `allow`, which the general way knows.
    fn new(rule: &Rule, amount: &Amount) -> Option<Self> {
        let Amount::Fixed(Pay::Share(rate)) = amount else { return None };
        let rate = rule.round.rate(*rate).ok()?;
        (rate <= Rate::ONE).then(|| Self { rate, share: Share::new(rate, rule.round.mode) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiles(rule: &str) -> bool {
        let plan = format!(
            r#"{{"schema":"fenrun.plan/1","name":"p","currency":"CNY","ranks":["V1"],"rule":[{{"id":"r",{rule}}}]}}"#
        );
        Compiled::new(&Plan::from_json(&plan).unwrap()).is_some()
    }

    /// Comparisons with the general way prove nothing of plans that take it.
    #[test]
    fn flat_rates_up_the_upline_are_compiled_and_nothing_else() {
        for rule in [
            r#""to":{"up":"referral"},"pay":{"levels":["10%","5%"]}"#,
            r#""to":{"up":"referral","limit":1},"pay":{"levels":{"any":["10%"],"V1":["12%","1/3"]}}"#,
            r#""to":{"up":"referral"},"of":"margin","when":{"nth":1},"pay":{"levels":["10%"]},
                "qualify":{"active":true},"unqualified":"roll_up","round":{"mode":"half_even","min":5}"#,
        ] {
            assert!(compiles(rule), "{rule}");
        }
        for rule in [
            r#""to":["self",{"up":"referral"}],"pay":{"levels":["10%"]}"#,
            r#""to":{"up":"referral"},"pay":{"levels":[5]}"#,
            r#""to":{"up":"referral"},"pay":{"levels":["10%"]},"round":{"per":"order"}"#,
            r#""to":{"up":"referral"},"pay":{"levels":["10%"]},"split":{"cash":"90%","shop":"10%"}"#,
            r#""to":{"up":"referral"},"pay":{"differential":{"V1":"5%"}}"#,
        ] {
            assert!(!compiles(rule), "{rule}");
        }
    }

    /// Amounts the quick multiplication does not serve, levels nobody stands on and ranks the plan does not have
    /// are settled as with a trace.
    #[test]
    fn edges_are_those_of_the_general_way() {
        let ranked = r#"{"any":["1/3","10%"],"V1":["99.9999999999%","1/7"]}"#;
        let mut seen = std::collections::BTreeSet::new();
        for (levels, upline) in [
            (ranked, r#"[]"#),
            (ranked, r#"[{"id":"a","rank":"V1"}]"#),
            (ranked, r#"[{"id":"a","rank":"V1"},"b","c"]"#),
            (ranked, r#"["a",{"id":"b","rank":"V9"}]"#),
            (ranked, r#"["a","b",{"id":"c","rank":"V9"}]"#),
        ] {
            let plan = format!(
                r#"{{"schema":"fenrun.plan/1","name":"p","currency":"CNY","ranks":["V1"],
                "allow":{{"r":"a test","plan":"a test"}},
                "rule":[{{"id":"r","to":{{"up":"referral"}},"pay":{{"levels":{levels}}}}}]}}"#
            );
            let plan = Plan::from_json(&plan).unwrap();
            assert!(Compiled::new(&plan).is_some());
            for paid in [7, 1 << 33, (1 << 53) + 1, i64::MAX / 3, i64::MAX / 2] {
                let sale =
                    format!(r#"{{"id":"O","buyer":"u","upline":{upline},"lines":[{{"paid":{paid}}}]}}"#);
                let sale =
                    Sale::from_node(&crate::doc::read_json(&sale, 1_000).unwrap(), plan.currency()).unwrap();
                let mut parts = Vec::new();
                let told = crate::reward::commission::Evaluator::new(&plan)
                    .each(&sale, |part| parts.push((part.level, part.payee.id.clone(), part.amount)));
                let told = told.map(|totals| (totals.pool(), parts)).map_err(|error| error.to_string());
                let traced = crate::reward::commission::evaluate(&plan, &sale);
                let rows = |outcome: &crate::reward::commission::Outcome| {
                    let rows = outcome.rows().iter();
                    rows.map(|row| (row.level, row.payee.clone(), row.amount)).collect::<Vec<_>>()
                };
                let traced = traced.map(|outcome| (outcome.pool(), rows(&outcome)));
                assert_eq!(told, traced.map_err(|error| error.to_string()), "{paid} below {upline}");
                seen.insert(told.is_ok());
            }
        }
        assert_eq!(seen.len(), 2, "some are settled, some refused");
    }
}
