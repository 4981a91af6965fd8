//! What a rule takes of a line: the base, also of a line that was partly taken back.

use crate::doc::Node;
use crate::error::{Code, Error, Result};
use crate::money::{Rate, Rounding, narrow};
use crate::reward::plan::{Base, INCOME, Knowledge, Rule};
use crate::sale::{Person, Sale, SaleLine};

/// What is left of a line after refunds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Units left.
    pub units: u64,
    /// What is left of `paid`, in minor units.
    pub net: i64,
}

impl Left {
    /// Nothing was taken back.
    #[must_use]
    pub fn all(line: &SaleLine) -> Self {
        Self { units: line.units, net: line.paid() }
    }
}

/// A component of a line scaled to what is left of it.
fn component(sale: &Sale, line: &SaleLine, left: Left, name: &str) -> Result<i64> {
    if name == "quantity" {
        return i64::try_from(left.units).map_err(|_| missing(sale, line, name));
    }
    if name == "margin" {
        let (paid, cost) = (component(sale, line, left, "paid")?, component(sale, line, left, "cost")?);
        return narrow(i128::from(paid) - i128::from(cost), || "a margin".into()).map_err(Error::from);
    }
    let whole = *line.components.get(name).ok_or_else(|| missing(sale, line, name))?;
    if name == "paid" {
        return Ok(left.net);
    }
    let paid = line.paid();
    let (above, below) = if paid == 0 {
        (i128::from(left.units), i128::from(line.units))
    } else {
        (i128::from(left.net), i128::from(paid))
    };
    narrow(Rounding::Floor.divide(i128::from(whole) * above, below), || name.into()).map_err(Error::from)
}

fn missing(sale: &Sale, line: &SaleLine, name: &str) -> Error {
    let error = format!("sale {}: line {} does not state `{name}`, which the plan reads", sale.id, line.id);
    Error::new(Code::MissingComponent, error)
}

/// The base of a line for a rule, never below zero.
pub(super) fn base(rule: &Rule, sale: &Sale, line: &SaleLine, left: Left) -> Result<i64> {
    base_of(rule, |name| component(sale, line, left, name))
}

/// The volume a ladder is read on.
pub(super) fn volume(sale: &Sale, line: &SaleLine, left: Left, name: &str) -> Result<i64> {
    Ok(component(sale, line, left, name)?.max(0))
}

/// The base of a rule that runs after another, of what that one paid for some lines.
pub(super) fn chained_base(
    rule: &Rule,
    sale: &Sale,
    lines: &[(&SaleLine, Left)],
    income: i64,
) -> Result<i64> {
    base_of(rule, |name| {
        if name == INCOME {
            return Ok(income);
        }
        let mut sum = 0_i128;
        for (line, left) in lines {
            sum += i128::from(component(sale, line, *left, name)?);
        }
        narrow(sum, || name.into()).map_err(Error::from)
    })
}

fn base_of(rule: &Rule, component: impl Fn(&str) -> Result<i64>) -> Result<i64> {
    let Base { base, plus, less, times } = &rule.of;
    let first = component(base)?;
    if plus.is_empty() && less.is_empty() && *times == Rate::ONE {
        return Ok(first.max(0));
    }
    let mut sum = i128::from(first);
    for name in plus {
        sum += i128::from(component(name)?);
    }
    for name in less {
        sum -= i128::from(component(name)?);
    }
    let share = sum
        .checked_mul(i128::from(times.numerator()))
        .ok_or_else(|| Error::from(crate::money::overflow("a base")))?;
    let base = rule.round.mode.divide(share, i128::from(times.denominator()));
    narrow(base.max(0), || "a base".into()).map_err(Error::from)
}

/// Whether the rule sees the line at all.
pub(super) fn applies(rule: &Rule, sale: &Sale, line: &SaleLine, ranks: &[String]) -> Result<bool> {
    if !rule.sees(line.purpose) {
        return Ok(false);
    }
    let source = Source { sale, line: Some(line), asker: &sale.buyer };
    rule.when.as_ref().map_or(Ok(true), |when| when.holds(&source, ranks))
}

/// The facts of a source: the line's, else the sale's, else those of whoever is asked: the buyer, or the
/// payee a rule runs after.
pub(super) struct Source<'a> {
    pub(super) sale: &'a Sale,
    pub(super) line: Option<&'a SaleLine>,
    pub(super) asker: &'a Person,
}

impl Knowledge for Source<'_> {
    fn fact(&self, name: &str) -> Option<Node> {
        if let Some(line) = self.line {
            if name == "purpose" {
                return Some(line.purpose.name().into());
            }
            if let Some(value) = line.facts.get(name) {
                return Some(value.clone());
            }
        }
        let asker = self.asker;
        self.sale_fact(name)
            .or_else(|| asker.facts.get(name).cloned())
            .or_else(|| asker.rank.as_deref().filter(|_| name == "rank").map(Node::from))
    }

    fn sale_fact(&self, name: &str) -> Option<Node> {
        self.sale.facts.get(name).cloned()
    }

    fn whose(&self) -> String {
        match self.line {
            Some(line) => format!("sale {}, line {}", self.sale.id, line.id),
            None => format!("sale {}", self.sale.id),
        }
    }

    fn known(&self) -> Vec<String> {
        let line = self.line.into_iter().flat_map(|line| line.facts.keys());
        line.chain(self.sale.facts.keys()).chain(self.asker.facts.keys()).cloned().collect()
    }
}
