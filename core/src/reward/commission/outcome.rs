//! What a sale came to: every cent with its reason.

use super::caps::{Usage, usage};
use super::evaluate::{Cell, Terms};
use super::keys::row_key;
use super::reason::Reason;
use super::{CASH, SEMANTICS};
use crate::doc::Node;
use crate::error::Result;
use crate::id::{LineId, MemberId, OrderId};
use crate::money::{Currency, allocate, narrow};
use crate::reward::plan::{Ladder, LadderShape, Per, Plan, Rule, Schedule};
use crate::sale::{Pay, Sale, read::pay_to_node};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// One amount for one payee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// 32 hex digits, see [`row_key`].
    pub key: String,
    /// Who is paid.
    pub payee: MemberId,
    /// Minor units, above zero.
    pub amount: i64,
    /// The rule that pays.
    pub rule: String,
    /// The line it is paid for; `None` when the rule rounds per order.
    pub line: Option<LineId>,
    /// The level, from 1.
    pub level: usize,
    /// The key of the amount the rule runs after, in the account [`CASH`]; none for a rule of the sale itself.
    pub source: Option<String>,
    /// The account it goes to.
    pub account: Cow<'static, str>,
}

/// What was offered and nobody got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retained {
    /// Why.
    pub reason: Reason,
    /// Minor units.
    pub amount: i64,
}

/// One slot, paid or not, for explanations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The rule.
    pub rule: String,
    /// The line; `None` when the rule rounds per order.
    pub line: Option<LineId>,
    /// Whose amount the rule runs after.
    pub source: Option<MemberId>,
    /// The level from 1; 0 for the rest of a pool and for a rule that did not apply.
    pub level: usize,
    /// Whose slot it is.
    pub stands: Option<MemberId>,
    /// Who is paid.
    pub payee: Option<MemberId>,
    /// The rate of the slot.
    pub rate: Pay,
    /// What the rate is taken of, in minor units.
    pub base: i64,
    /// What nearer people already took of a differential, in minor units; zero for `levels`.
    pub below: i64,
    /// Which part of `rate · base` a share of a pool is: its weight, and that of all.
    pub part: Option<(u64, u64)>,
    /// Minor units.
    pub amount: i64,
    /// Why nobody is paid, or nothing.
    pub reason: Option<Reason>,
    /// What the amount is the sum of where it is not `rate` of `base`: rates with the parts of the base they are
    /// taken of, or with units. The steps of a marginal ladder, lines of unlike rates that are rounded together.
    pub terms: Vec<(Pay, i64)>,
    /// How many units the amount is rounded for one by one, where there are several.
    pub rounded_units: Option<u64>,
    /// Whether the volume of a ladder is below its first step.
    pub unreached: bool,
    /// The place in the trace of the slot that a cap cut this from.
    pub cut_of: Option<usize>,
}

/// The outcome of a sale: `Σ rows + Σ retained = pool`, in integers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    tenant: String,
    sale: OrderId,
    version: u32,
    plan: String,
    currency: Currency,
    pool: i64,
    rows: Vec<Row>,
    retained: Vec<Retained>,
    trace: Vec<Trace>,
    used: Vec<Usage>,
}

impl Outcome {
    pub(super) fn new(plan: &Plan, sale: &Sale, pool: i64, cells: &[Cell<'_>], terms: Terms) -> Result<Self> {
        let mut rows = Vec::new();
        let mut retained = BTreeMap::<Reason, i64>::new();
        let mut trace = Vec::with_capacity(cells.len());
        let mut keys = SourceKeys { plan, sale, cells, known: BTreeMap::new() };
        let mut terms = all_terms(terms, plan, sale, cells)?;
        for (at, cell) in cells.iter().enumerate() {
            let rule = &plan.rules()[cell.rule];
            let line = cell.line.map(|at| &sale.lines[at].id);
            let payee = cell.payee.filter(|_| cell.reason.is_none());
            if let Some(payee) = payee {
                let source = cell.source.map(|at| keys.of(at));
                each_account(rule, cell.amount, &mut |account, amount| {
                    let (line_id, source_key) = (line.map(LineId::as_str), source.as_deref());
                    rows.push(Row {
                        key: row_key(sale, line_id, source_key, &rule.id, cell.level, account),
                        payee: payee.id.clone(),
                        amount,
                        rule: rule.id.clone(),
                        line: line.cloned(),
                        level: cell.level,
                        source: source.clone(),
                        account: if account == CASH { CASH.into() } else { account.to_owned().into() },
                    });
                    Ok(())
                })?;
            }
            if let (Some(reason), true) = (cell.reason, cell.amount != 0) {
                let sum = retained.entry(reason).or_default();
                *sum = narrow(i128::from(*sum) + i128::from(cell.amount), || {
                    format!("sale {}: what is retained", sale.id)
                })?;
            }
            let source = cell.source.and_then(|at| cells[at].stands_or_payee());
            trace.push(Trace {
                rule: rule.id.clone(),
                line: line.cloned(),
                source: source.map(|person| person.id.clone()),
                level: cell.level,
                stands: cell.stands.map(|person| person.id.clone()),
                payee: payee.map(|person| person.id.clone()),
                rate: cell.rate,
                base: cell.base,
                below: cell.below,
                part: cell.part,
                amount: cell.amount,
                reason: cell.reason,
                terms: terms.remove(&at).unwrap_or_default(),
                rounded_units: rounded_units(rule, sale, cell),
                unreached: is_unreached(rule, cell),
                cut_of: cell.cut_of,
            });
        }
        let retained = retained.into_iter().map(|(reason, amount)| Retained { reason, amount }).collect();
        let outcome = Self {
            tenant: sale.tenant.clone(),
            sale: sale.id.clone(),
            version: sale.version,
            plan: plan.hash().to_owned(),
            currency: sale.currency,
            pool,
            rows,
            retained,
            trace,
            used: usage(plan, sale, cells)?,
        };
        debug_assert!(outcome.conserves(), "pool {pool} of sale {}", outcome.sale);
        Ok(outcome)
    }

    /// The tenant of the sale.
    #[must_use]
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// The sale.
    #[must_use]
    pub const fn sale(&self) -> &OrderId {
        &self.sale
    }

    /// The version of the sale.
    #[must_use]
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// The hash of the plan.
    #[must_use]
    pub fn plan(&self) -> &str {
        &self.plan
    }

    /// The currency of every amount.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// What the plan offered, in minor units.
    #[must_use]
    pub const fn pool(&self) -> i64 {
        self.pool
    }

    /// Who gets what, in the order of rule, line and level.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// What nobody got, one entry per reason.
    #[must_use]
    pub fn retained(&self) -> &[Retained] {
        &self.retained
    }

    /// Every slot, paid or not.
    #[must_use]
    pub fn trace(&self) -> &[Trace] {
        &self.trace
    }

    /// What this sale used of each cap over a period, in the order of rules, caps and payees.
    #[must_use]
    pub fn used(&self) -> &[Usage] {
        &self.used
    }

    /// Whether rows and retained amounts sum to the pool.
    #[must_use]
    pub fn conserves(&self) -> bool {
        let rows: i128 = self.rows.iter().map(|row| i128::from(row.amount)).sum();
        let retained: i128 = self.retained.iter().map(|entry| i128::from(entry.amount)).sum();
        rows + retained == i128::from(self.pool)
    }

    /// The document of the outcome, with its trace.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let mut map = self.result();
        map.insert("trace".into(), Node::List(self.trace.iter().map(Trace::to_node).collect()));
        Node::Map(map)
    }

    /// The document without its trace: what a host keeps.
    #[must_use]
    pub fn to_result_node(&self) -> Node {
        Node::Map(self.result())
    }

    fn result(&self) -> BTreeMap<String, Node> {
        let rows = self.rows.iter().map(Row::to_node).collect();
        let retained = self.retained.iter().map(|entry| {
            Node::map([("reason", Node::from(entry.reason.name())), ("amount", entry.amount.into())])
        });
        let entries = [
            ("sale", Node::from(&self.sale)),
            ("tenant", self.tenant.as_str().into()),
            ("version", i64::from(self.version).into()),
            ("plan", self.plan.as_str().into()),
            ("semantics", i64::from(SEMANTICS).into()),
            ("currency", self.currency.code().into()),
            ("pool", self.pool.into()),
            ("rows", Node::List(rows)),
            ("retained", Node::List(retained.collect())),
        ];
        let used = (!self.used.is_empty())
            .then(|| ("used", Node::List(self.used.iter().map(Usage::to_node).collect())));
        entries.into_iter().chain(used).map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

/// Adds what amounts of one line are sums of, and leaves out those that are a rate of a base.
fn all_terms(mut terms: Terms, plan: &Plan, sale: &Sale, cells: &[Cell<'_>]) -> Result<Terms> {
    for (place, cell) in cells.iter().enumerate().filter(|(_, cell)| cell.cut_of.is_none()) {
        let rule = &plan.rules()[cell.rule];
        if let Schedule::Ladder(Ladder { shape: shape @ LadderShape::Marginal(_), .. }) = &rule.pay {
            let part = |(rate, part)| Ok((Pay::Share(rule.round.rate(rate)?), part));
            terms.insert(place, shape.marginal(cell.base).map(part).collect::<Result<_>>()?);
        }
        let units = cell.line.and_then(|line| i64::try_from(sale.lines[line].units).ok());
        if let (Pay::PerUnit(_), Some(units)) = (cell.rate, units) {
            terms.insert(place, vec![(cell.rate, units)]);
        }
    }
    let is_plain = |cell: &Cell<'_>| matches!(cell.rate, Pay::Share(_)).then_some((cell.rate, cell.base));
    terms.retain(|place, terms| is_plain(&cells[*place]).is_none_or(|plain| *terms != [plain]));
    Ok(terms)
}

/// How many units a share of a line is rounded for one by one.
fn rounded_units(rule: &Rule, sale: &Sale, cell: &Cell<'_>) -> Option<u64> {
    let sums = matches!(rule.pay, Schedule::Levels(_) | Schedule::Infinity(_) | Schedule::Differential(_));
    let line = cell.line.filter(|_| sums && rule.round.per == Per::Unit)?;
    Some(sale.lines[line].units).filter(|units| *units > 1)
}

/// Whether a ladder pays nothing because its volume is below the first step, not for a step that pays nothing.
fn is_unreached(rule: &Rule, cell: &Cell<'_>) -> bool {
    let Schedule::Ladder(Ladder { shape: LadderShape::Whole(steps) | LadderShape::Marginal(steps), .. }) =
        &rule.pay
    else {
        return false;
    };
    cell.reason == Some(Reason::NotApplicable)
        && cell.level != 0
        && steps.iter().all(|step| rule.round.rate(step.rate).is_ok_and(|rate| !rate.is_zero()))
}

/// Hands over the parts of an amount by account, zero parts left out.
pub(super) fn each_account<'a>(
    rule: &'a Rule,
    amount: i64,
    to: &mut dyn FnMut(&'a str, i64) -> Result<()>,
) -> Result<()> {
    let Some(split) = &rule.split else { return to(CASH, amount) };
    let parts = split.parts().iter().zip(allocate(amount, split.weights())?);
    let mut stands = parts.filter(|(_, part)| *part != 0);
    stands.try_for_each(|((account, _), part)| to(account, part))
}

/// The keys of amounts that rules run after, each computed once.
struct SourceKeys<'a, 'c> {
    plan: &'a Plan,
    sale: &'a Sale,
    cells: &'c [Cell<'a>],
    known: BTreeMap<usize, String>,
}

impl SourceKeys<'_, '_> {
    /// The key of the amount of a cell, and of those it runs after.
    fn of(&mut self, at: usize) -> String {
        let mut chain = vec![at];
        while let Some(before) = chain.last().and_then(|at| self.cells[*at].source) {
            chain.push(before);
        }
        let mut source: Option<String> = None;
        for at in chain.into_iter().rev() {
            let cell = &self.cells[at];
            let line = cell.line.map(|at| self.sale.lines[at].id.as_str());
            let rule = &self.plan.rules()[cell.rule].id;
            let key = self
                .known
                .entry(at)
                .or_insert_with(|| row_key(self.sale, line, source.as_deref(), rule, cell.level, CASH));
            source = Some(key.clone());
        }
        source.unwrap_or_default()
    }
}

impl Usage {
    fn to_node(&self) -> Node {
        let rule = self.rule.as_deref().map(|rule| ("rule", Node::from(rule)));
        let payee = self.payee.as_ref().map(|payee| ("payee", Node::from(payee)));
        let fixed = [
            ("every", Node::from(self.every.name())),
            ("before", self.before.into()),
            ("amount", self.amount.into()),
        ];
        Node::map(fixed.into_iter().chain(rule).chain(payee))
    }
}

impl Row {
    fn to_node(&self) -> Node {
        Node::map([
            ("key", Node::from(self.key.as_str())),
            ("payee", (&self.payee).into()),
            ("amount", self.amount.into()),
            ("rule", self.rule.as_str().into()),
            ("line", line_node(self.line.as_ref())),
            ("level", level_node(self.level)),
            ("source", self.source.clone().into()),
            ("account", self.account.as_ref().into()),
        ])
    }
}

fn line_node(line: Option<&LineId>) -> Node {
    line.map_or(Node::Null, Node::from)
}

fn level_node(level: usize) -> Node {
    Node::Int(i64::try_from(level).unwrap_or(i64::MAX))
}

impl Trace {
    fn to_node(&self) -> Node {
        let member = |id: &Option<MemberId>| id.as_ref().map_or(Node::Null, Node::from);
        Node::map([
            ("rule", Node::from(self.rule.as_str())),
            ("line", line_node(self.line.as_ref())),
            ("source", member(&self.source)),
            ("level", level_node(self.level)),
            ("stands", member(&self.stands)),
            ("payee", member(&self.payee)),
            ("rate", pay_to_node(&self.rate)),
            ("base", self.base.into()),
            ("below", self.below.into()),
            ("amount", self.amount.into()),
            ("reason", self.reason.map(Reason::name).into()),
            ("part", self.part.map(|(weight, all)| format!("{weight}/{all}")).into()),
        ])
    }
}
