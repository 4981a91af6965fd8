//! What is above a cap is not paid. Caps are tested one after the other, on whole minor units.

use super::evaluate::Cell;
use super::lines::Left;
use super::portion::Scene;
use super::reason::Reason;
use crate::error::{Code, Error, Result};
use crate::id::MemberId;
use crate::money::{Rounding, allocate, narrow};
use crate::reward::plan::{Cap, CapPer, Every, Limit, Over, Plan, Rule};
use crate::sale::{Sale, Used};

/// What a sale used of a cap over a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The rule the cap stands in; none for a cap of the plan.
    pub rule: Option<String>,
    /// Over which time.
    pub every: Every,
    /// Whose amounts are added; none for a cap that adds those of everybody.
    pub payee: Option<MemberId>,
    /// What earlier sales of the period used of it.
    pub before: i64,
    /// What this sale uses of it.
    pub amount: i64,
}

/// Holds the cells of one rule, which stand from `start` on, against the rule's caps; `bases` are those of all
/// lines it saw.
pub(super) fn of_rule(
    scene: Scene<'_, '_>,
    at: usize,
    bases: &[i64],
    start: usize,
    cells: &mut Vec<Cell<'_>>,
) -> Result<()> {
    let rule = &scene.plan.rules()[at];
    let base = sum(bases.iter().copied(), || "the sum of its bases".to_owned())?;
    for cap in &rule.caps {
        Test { scene, cap, rule: Some(rule), base }.run(start, cells)?;
    }
    Ok(())
}

/// Holds the cells of all rules against the caps of the plan.
pub(super) fn of_plan(scene: Scene<'_, '_>, cells: &mut Vec<Cell<'_>>) -> Result<()> {
    if scene.plan.caps().is_empty() {
        return Ok(());
    }
    let lines = scene.sale.lines.iter().enumerate();
    let left = |(at, line)| scene.left.map_or_else(|| Left::all(line), |left| left[at]).net;
    let base = sum(lines.map(left), || "what was paid for all lines".to_owned());
    let base = base.map_err(|error| scene.placed(error, None))?;
    for cap in scene.plan.caps() {
        Test { scene, cap, rule: None, base }.run(0, cells).map_err(|error| scene.placed(error, None))?;
    }
    Ok(())
}

fn sum(amounts: impl Iterator<Item = i64>, what: impl FnOnce() -> String) -> Result<i64> {
    let sum = amounts.map(i128::from).sum();
    narrow(sum, what).map_err(Error::from)
}

/// One cap held against cells.
struct Test<'a, 'l, 'c> {
    scene: Scene<'a, 'l>,
    cap: &'c Cap,
    rule: Option<&'c Rule>,
    base: i64,
}

impl Test<'_, '_, '_> {
    fn run(&self, start: usize, cells: &mut Vec<Cell<'_>>) -> Result<()> {
        for (payee, places) in groups(self.cap.per, start, cells) {
            let room = self.room(payee.as_ref())?;
            let amounts: Vec<i64> = places.iter().map(|at| cells[*at].amount).collect();
            if amounts.iter().copied().map(i128::from).sum::<i128>() <= i128::from(room) {
                continue;
            }
            for (at, kept) in places.into_iter().zip(kept(self.cap.over, room, &amounts)?) {
                self.cut(at, kept, cells);
            }
        }
        Ok(())
    }

    /// What may still be paid.
    fn room(&self, payee: Option<&MemberId>) -> Result<i64> {
        let limit = match self.cap.limit {
            Limit::Minor(minor) => minor,
            Limit::Share(rate) => rate.of(self.base, Rounding::Down)?,
        };
        let rule = self.rule.map(|rule| rule.id.as_str());
        let used = match self.cap.every {
            Every::Event => 0,
            every => used(self.scene.sale, rule, every, payee)?,
        };
        Ok(limit.saturating_sub(used).max(0))
    }

    /// Leaves so much of an amount; the rest is retained.
    fn cut(&self, at: usize, kept: i64, cells: &mut Vec<Cell<'_>>) {
        let cell = cells[at];
        if kept == cell.amount {
            return;
        }
        let reason = match (self.cap.over, self.cap.per) {
            (Over::Flush, _) => Reason::Flush,
            (_, CapPer::Payee) => Reason::CapPayee,
            (_, CapPer::Rule) => Reason::CapRule,
            (_, CapPer::Plan) => Reason::CapPlan,
        };
        let above = Cell { reason: Some(reason), payee: None, stands: cell.payee, ..cell };
        if kept == 0 {
            cells[at] = above;
        } else {
            cells[at].amount = kept;
            cells.push(Cell { amount: cell.amount - kept, cut_of: Some(at), ..above });
        }
    }
}

/// The amounts that are added before they are held against a cap, by their cells.
fn groups(per: CapPer, start: usize, cells: &[Cell<'_>]) -> Vec<(Option<MemberId>, Vec<usize>)> {
    let mut groups: Vec<(Option<MemberId>, Vec<usize>)> = Vec::new();
    for (at, cell) in cells.iter().enumerate().skip(start) {
        let Some(payee) = cell.payee.filter(|_| cell.reason.is_none()) else { continue };
        let own = (per == CapPer::Payee).then_some(&payee.id);
        match groups.iter_mut().find(|(known, _)| known.as_ref() == own) {
            Some((_, places)) => places.push(at),
            None => groups.push((own.cloned(), vec![at])),
        }
    }
    groups
}

/// What is left of amounts that are more than there is room for.
fn kept(over: Over, room: i64, amounts: &[i64]) -> Result<Vec<i64>> {
    if over == Over::Scale {
        let weights: Vec<u64> = amounts.iter().map(|amount| amount.unsigned_abs()).collect();
        return Ok(allocate(room, &weights)?);
    }
    let mut room = room;
    let first_come = |amount: &i64| {
        let kept = room.min(*amount);
        room -= kept;
        kept
    };
    Ok(amounts.iter().map(first_come).collect())
}

/// Whether a cap of the plan counts what an entry says.
pub(crate) fn counts(plan: &Plan, entry: &Used) -> bool {
    periodic(plan).any(|(rule, cap)| {
        let of_payee = cap.per == CapPer::Payee;
        (rule, cap.every.name(), of_payee)
            == (entry.rule.as_deref(), entry.every.as_str(), entry.payee.is_some())
    })
}

/// Refuses what no cap of the plan counts: with a misspelt rule or a forgotten payee a sale would be paid as if
/// nothing was used.
pub(super) fn admit(plan: &Plan, sale: &Sale) -> Result<()> {
    let stray = sale.used.iter().flatten().find(|entry| !counts(plan, entry));
    let Some(Used { rule, every, payee, .. }) = stray else { return Ok(()) };
    let owner =
        |rule: Option<&str>| rule.map_or_else(|| "the plan".to_owned(), |rule| format!("rule `{rule}`"));
    let whose = payee.as_ref().map_or_else(String::new, |payee| format!(" for payee {payee}"));
    let known: Vec<String> = periodic(plan)
        .map(|(rule, cap)| format!("{} by the {} per {}", owner(rule), cap.every.name(), cap.per.name()))
        .collect();
    let known = if known.is_empty() { "none over a period".to_owned() } else { known.join(", ") };
    let error = format!(
        "sale {}: `used` of {} by the {every}{whose} is counted by no cap of the plan; its caps: {known}",
        sale.id,
        owner(rule.as_deref())
    );
    Err(Error::new(Code::InvalidSale, error))
}

/// The caps over periods, with the rules they stand in.
fn periodic(plan: &Plan) -> impl Iterator<Item = (Option<&str>, &Cap)> {
    let of_rules =
        plan.rules().iter().flat_map(|rule| rule.caps.iter().map(|cap| (Some(rule.id.as_str()), cap)));
    let all = of_rules.chain(plan.caps().iter().map(|cap| (None, cap)));
    all.filter(|(_, cap)| cap.every != Every::Event)
}

/// What earlier sales used of a cap.
fn used(sale: &Sale, rule: Option<&str>, every: Every, payee: Option<&MemberId>) -> Result<i64> {
    let stated = sale.used.as_ref().ok_or_else(|| {
        let error = format!(
            "sale {} does not state `used`, what earlier sales of the {} used of the plan's caps; an empty list is \
             nothing",
            sale.id,
            every.name()
        );
        Error::new(Code::MissingFact, error)
    })?;
    let same = |entry: &&Used| {
        entry.rule.as_deref() == rule && entry.every == every.name() && entry.payee.as_ref() == payee
    };
    Ok(stated.iter().find(same).map_or(0, |entry| entry.amount))
}

/// What the sale used of each cap over a period, in the order of rules, caps and payees.
pub(super) fn usage(plan: &Plan, sale: &Sale, cells: &[Cell<'_>]) -> Result<Vec<Usage>> {
    let mut usage = Vec::new();
    let of_rules = plan.sequence(None).map(|at| (Some(at), &plan.rules()[at].caps));
    let caps: [&[Cap]; 1] = [plan.caps()];
    let all = of_rules.map(|(at, caps)| (at, caps.as_slice())).chain(caps.map(|caps| (None, caps)));
    for (at, caps) in all {
        for cap in caps.iter().filter(|cap| cap.every != Every::Event) {
            let mine: Vec<Cell<'_>> =
                cells.iter().filter(|cell| at.is_none_or(|at| cell.rule == at)).copied().collect();
            for (payee, places) in groups(cap.per, 0, &mine) {
                let rule = at.map(|at| plan.rules()[at].id.clone());
                let before = used(sale, rule.as_deref(), cap.every, payee.as_ref())?;
                let amount = sum(places.iter().map(|at| mine[*at].amount), || {
                    format!("sale {}: what a cap is held against", sale.id)
                })?;
                usage.push(Usage { rule, every: cap.every, payee, before, amount });
            }
        }
    }
    Ok(usage)
}
