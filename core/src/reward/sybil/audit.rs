//! Trying every attack on sales.

use super::Limits;
use super::chain::{Chain, FEW, Played, identities};
use super::finding::{Finding, Found, Income, Witness};
use super::parts::splits;
use crate::error::{Code, Result};
use crate::id::MemberId;
use crate::reward::commission::{Evaluator, Usage, evaluate};
use crate::reward::plan::{Every, Plan};
use crate::sale::{Person, Sale, Used};
use std::collections::{BTreeMap, BTreeSet};

/// Plays every attack on every sale; findings stand in the order of rules and attacks, all rules together last.
/// Rules of periods are left out: no sale pays by them; see [`audit_periods`](super::audit_periods). An attack
/// whose amounts do not fit 64 bits is refused by the plan, and gains nothing.
///
/// # Errors
/// As [`evaluate`]; [`Code::InvalidValue`](crate::Code::InvalidValue) for limits above [`Limits::MOST`].
pub fn audit(plan: &Plan, sales: &[Sale], limits: Limits) -> Result<Vec<Finding>> {
    limits.check()?;
    let mut found = Found::default();
    for sale in sales {
        let splits = splits(sale, limits.parts)?;
        let identities = identities(sale, limits.identities)?;
        for attacker in attackers(sale).into_values() {
            Attempt { plan, sale, attacker, splits: &splits, identities: &identities }
                .run(limits, &mut found)?;
        }
    }
    Ok(found.findings(plan, &plan.sequence(None).collect(), None))
}

/// Everybody on a path of the sale, and everybody who holds a role or a region, by id.
fn attackers(sale: &Sale) -> BTreeMap<&MemberId, &Person> {
    let paths = sale.around.uplines.values().flatten();
    let holders = sale.roles.values().chain(sale.around.regions.values());
    let all = sale.upline.iter().chain([&sale.buyer]).chain(paths).chain(holders);
    all.map(|person| (&person.id, person)).collect()
}

/// The ranks an identity may have: the attacker's own, none and, where the attacker has a rank, the lowest of the
/// plan. A rank above one's own is no matter of identities.
pub(super) fn ranks(plan: &Plan, own: Option<&String>) -> Vec<Option<String>> {
    let lowest = plan.ranks().first().filter(|_| own.is_some());
    let ranks = BTreeSet::from([own.cloned(), None, lowest.cloned()]);
    ranks.into_iter().rev().collect()
}

/// The attacks of one person on one sale.
struct Attempt<'a> {
    plan: &'a Plan,
    sale: &'a Sale,
    attacker: &'a Person,
    splits: &'a [Vec<Sale>],
    identities: &'a [MemberId],
}

impl Attempt<'_> {
    fn run(&self, limits: Limits, found: &mut Found) -> Result<()> {
        let whole = std::slice::from_ref(self.sale);
        let honest = self.income(&Chain::honest(), whole)?;
        let ranks = ranks(self.plan, self.attacker.rank.as_ref());
        for chain in [Chain::honest()].into_iter().chain(Chain::all(limits.identities, &ranks)) {
            let several = if chain.identities() <= FEW { self.splits } else { &[] };
            for parts in [whole].into_iter().chain(several.iter().map(Vec::as_slice)) {
                let Some(attacked) = fitting(self.income(&chain, parts))? else { continue };
                let witness = || Witness {
                    attack: chain.attack(parts.len()),
                    attacker: self.attacker.id.clone(),
                    identities: chain.stated(),
                    parts: parts.len(),
                    sale: Some(self.sale.id.clone()),
                    followed: None,
                    purchase: None,
                    bought: Vec::new(),
                    honest: 0,
                    attacked: 0,
                };
                found.note(&honest, &attacked, witness)?;
            }
        }
        Ok(())
    }

    /// What the attacker and the identities get. A buyer buys the whole as the lowest of the chain, and each
    /// of several parts as whoever of the chain gets most by it; where a cap counts what earlier sales used,
    /// all parts as the same one.
    fn income(&self, chain: &Chain, parts: &[Sale]) -> Result<Income> {
        let buys = self.attacker.id == self.sale.buyer.id && parts.len() > 1;
        let froms = if buys { chain.len() } else { 1 };
        let mut people = BTreeSet::from([self.attacker.id.clone()]);
        people.extend(self.identities.iter().take(chain.identities()).cloned());
        let best = |incomes: Vec<Income>| {
            incomes.into_iter().reduce(|mut best, income| {
                best.raise(&income);
                best
            })
        };
        let mut sum = Income::nothing(self.plan);
        let runs: Vec<&[Sale]> = if counts(self.plan) { vec![parts] } else { parts.chunks(1).collect() };
        for run in runs {
            let of = |from: usize| -> Result<Income> {
                let scene = |sale| Played { sale, identities: self.identities };
                let played = run.iter().map(|part| chain.play(scene(part), &self.attacker.id, from));
                income(self.plan, played.collect::<Result<Vec<Sale>>>()?, &people)
            };
            if let Some(best) = best((0..froms).map(of).collect::<Result<_>>()?) {
                sum.plus(&best);
            }
        }
        Ok(sum)
    }
}

/// An income, or nothing where an amount does not fit.
pub(super) fn fitting(income: Result<Income>) -> Result<Option<Income>> {
    match income {
        Err(error) if error.code() == Code::Overflow => Ok(None),
        income => income.map(Some),
    }
}

/// Whether a cap of the plan counts what earlier sales used.
fn counts(plan: &Plan) -> bool {
    let rules = plan.sequence(None).flat_map(|at| &plan.rules()[at].caps);
    rules.chain(plan.caps()).any(|cap| cap.every != Every::Event)
}

/// What these people get of some sales, one after the other.
fn income(plan: &Plan, sales: Vec<Sale>, people: &BTreeSet<MemberId>) -> Result<Income> {
    let mut income = Income::nothing(plan);
    if !counts(plan) {
        let mut evaluator = Evaluator::new(plan);
        for sale in &sales {
            evaluator.each(sale, |part| {
                if people.contains(&part.payee.id) {
                    income.add(part.rule, part.amount);
                }
            })?;
        }
        return Ok(income);
    }
    let mut used: Vec<Usage> = Vec::new();
    for sale in sales {
        let sale = after(sale, &used)?;
        let outcome = evaluate(plan, &sale)?;
        for row in outcome.rows().iter().filter(|row| people.contains(&row.payee)) {
            if let Some(rule) = plan.rules().iter().position(|rule| rule.id == row.rule) {
                income.add(rule, row.amount);
            }
        }
        used.extend(outcome.used().iter().cloned());
    }
    Ok(income)
}

/// The sale with what sales before it used of caps.
fn after(sale: Sale, used: &[Usage]) -> Result<Sale> {
    let mut draft = sale.into_draft();
    for usage in used {
        let stated = draft.used.get_or_insert_default();
        let every = usage.every.name();
        let same = |entry: &&mut Used| {
            entry.rule == usage.rule && entry.every == every && entry.payee == usage.payee
        };
        match stated.iter_mut().find(same) {
            Some(entry) => entry.amount = entry.amount.saturating_add(usage.amount),
            None => stated.push(Used {
                rule: usage.rule.clone(),
                every: every.to_owned(),
                payee: usage.payee.clone(),
                amount: usage.amount,
            }),
        }
    }
    Sale::new(draft)
}
