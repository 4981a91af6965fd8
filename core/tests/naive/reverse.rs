//! Refunds: the plan runs again on what is left, and the difference is posted.

use super::mutation::difference;
use super::number::{big, whole};
use super::plan::Plan;
use super::sale::{Line, Sale};
use super::{Fault, Mutation, Naive};
use fenrun::doc::Node;
use num_bigint::BigInt;
use num_traits::Zero;
use std::collections::BTreeMap;

/// What one refund takes back: by line, units and amount.
pub(crate) type Refund = BTreeMap<String, (i64, i64)>;

/// What one reversal posts, or what stands: by rule, payee and account; nothing is written down as zero.
pub(crate) type Posting = BTreeMap<(String, String, String), BigInt>;

/// What stands of a sale, or what a refund changes about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) rows: Posting,
    /// What nobody got, for whatever reason.
    pub(crate) retained: BigInt,
}

impl Naive {
    /// What each refund posts in turn: `f(left) − f(left before)`.
    pub(crate) fn reverse(self, plan: &Node, sale: &Node, refunds: &[Refund]) -> Result<Vec<Step>, Fault> {
        let (plan, sale) = self.documents(plan, sale);
        let (plan, sale) = (Plan::read(&plan), Sale::read(&sale));
        let mut steps = Vec::new();
        let original = self.standing(&plan, &sale, &[])?;
        let paid = sale.lines.iter().filter_map(|line| line.components.get("paid")).sum::<BigInt>();
        let mut before = original.clone();
        for (done, refund) in refunds.iter().enumerate() {
            let after = self.standing(&plan, &sale, self.counted(&refunds[..=done]))?;
            let amount = refund.values().map(|(_, amount)| big(*amount)).sum();
            let honest = difference(&before.rows, &after.rows);
            let rows = self.spoil_posting(honest, &original.rows, &after.rows, (amount, paid.clone()));
            let fallen = &after.retained - &before.retained;
            let retained = if self.planted(Mutation::RetainedStays) { big(0) } else { fallen };
            steps.push(Step { rows, retained });
            before = after;
        }
        Ok(steps)
    }

    /// f(left): what stands after refunds.
    pub(crate) fn left(self, plan: &Node, sale: &Node, refunds: &[Refund]) -> Result<Step, Fault> {
        let (plan, sale) = self.documents(plan, sale);
        self.standing(&Plan::read(&plan), &Sale::read(&sale), refunds)
    }

    fn standing(self, plan: &Plan, sale: &Sale, refunds: &[Refund]) -> Result<Step, Fault> {
        let mut left = sale.clone();
        for line in &mut left.lines {
            self.take_back(line, refunds);
        }
        let mut standing = Step::default();
        let shares = |id: &str| plan.rules.iter().any(|rule| rule.id == id && rule.share_of_units);
        // Rules that run again do so on what is left, the others on the whole sale.
        for shared in [false, true] {
            let settled = self.settled(plan, if shared { sale } else { &left })?;
            let kept = |line: Option<&String>, amount: &BigInt| {
                if shared { kept_of(sale, refunds, line, amount) } else { amount.clone() }
            };
            for award in settled.awards.iter().filter(|award| shares(&award.rule) == shared) {
                let rule = plan.rules.iter().find(|rule| rule.id == award.rule).expect("its rule");
                for (account, part) in self.accounts(rule, &kept(award.line.as_ref(), &award.amount)) {
                    let who = (award.rule.clone(), award.payee.id.clone(), account);
                    *standing.rows.entry(who).or_default() += part;
                }
            }
            for entry in settled.kept.iter().filter(|entry| shares(&entry.rule) == shared) {
                standing.retained += kept(entry.line.as_ref(), &entry.amount);
            }
            if !plan.rules.iter().any(|rule| rule.share_of_units) {
                break;
            }
        }
        standing.rows.retain(|_, amount| !amount.is_zero());
        Ok(standing)
    }

    /// Turns a line into what is left of it.
    fn take_back(self, line: &mut Line, refunds: &[Refund]) {
        let (units, amount) = taken_from(line, refunds);
        let paid = line.components.get("paid").cloned().unwrap_or_default();
        let (net_left, units_left) = (&paid - amount, &line.units - units);
        for (name, value) in &mut line.components {
            *value = if name == "paid" {
                net_left.clone()
            } else if self.planted(Mutation::ComponentsKept) {
                value.clone()
            } else if paid.is_zero() {
                &*value * &units_left / &line.units
            } else if self.planted(Mutation::ComponentsRoundedUp) {
                (whole(&*value * &net_left) / whole(paid.clone())).ceil().to_integer()
            } else {
                &*value * &net_left / &paid
            };
        }
        if !self.planted(Mutation::UnitsKept) {
            line.units = units_left;
        }
    }
}

/// a − ⌊a · k / n⌋ by the units of a line, or of the whole sale.
fn kept_of(sale: &Sale, refunds: &[Refund], line: Option<&String>, amount: &BigInt) -> BigInt {
    let counts = |other: &&Line| line.is_none_or(|id| *id == other.id);
    let sold: BigInt = sale.lines.iter().filter(counts).map(|line| &line.units).sum();
    let taken: BigInt = sale.lines.iter().filter(counts).map(|line| taken_from(line, refunds).0).sum();
    // A quotient of integers at or above zero is rounded down.
    amount - amount * taken / sold
}

/// Units and amount that refunds took from a line so far.
fn taken_from(line: &Line, refunds: &[Refund]) -> (BigInt, BigInt) {
    let of_line = refunds.iter().filter_map(|refund| refund.get(&line.id));
    of_line.fold((big(0), big(0)), |(units, amount), (more, minor)| (units + more, amount + minor))
}
