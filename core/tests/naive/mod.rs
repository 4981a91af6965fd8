//! The second opinion: a naive, exact interpreter of the plan language, for tests alone.
//!
//! It was written from `docs/reference/plan.md` and from nothing else, and it is meant to be obviously
//! right rather than fast: rates are big rationals, amounts big integers, every walk is a loop over
//! people, and the plan and the sale are read from their documents by its own code. [`Mutation`] plants
//! the mistakes that the laws must find.

mod base;
pub(crate) mod batch;
mod condition;
mod differential;
pub(crate) mod edit;
pub(crate) mod generate;
mod levels;
mod mutation;
pub(crate) mod number;
pub(crate) mod outcome;
mod people;
pub(crate) mod plan;
mod rates;
pub(crate) mod reverse;
mod sale;
pub(crate) mod shrink;

pub(crate) use mutation::Mutation;
pub(crate) use number::{Q, big};

use fenrun::doc::Node;
use num_bigint::BigInt;
use outcome::{Ledger, Outcome};
use plan::{Pay, Per, Plan, Rule};
use sale::{Line, Sale};
use std::collections::BTreeMap;

/// Why a sale cannot be settled; the names are those of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A fact is read and not stated.
    MissingFact,
    /// A component is named and not stated.
    MissingComponent,
}

impl Fault {
    /// The stable name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::MissingFact => "missing_fact",
            Self::MissingComponent => "missing_component",
        }
    }
}

/// Amounts by rule and line.
pub(crate) type Entitlements = BTreeMap<(String, Option<String>), BigInt>;

/// The interpreter: honest, or with one planted mistake.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Naive {
    planted: Option<Mutation>,
}

impl Naive {
    /// The interpreter as the page reads.
    pub(crate) const HONEST: Self = Self { planted: None };

    /// The interpreter with a mistake.
    pub(crate) const fn mutant(mutation: Mutation) -> Self {
        Self { planted: Some(mutation) }
    }

    fn planted(self, mutation: Mutation) -> bool {
        self.planted == Some(mutation)
    }

    /// Settles one sale.
    pub(crate) fn evaluate(self, plan: &Node, sale: &Node) -> Result<Outcome, Fault> {
        let (plan, sale) = self.documents(plan, sale);
        let (plan, sale) = (Plan::read(&plan), Sale::read(&sale));
        let outcome = self.run(&plan, &sale)?.close(self.pool(&plan, &sale)?, &sale);
        Ok(self.spoil(outcome, &sale))
    }

    /// What the plan offers for a sale, whoever gets it.
    pub(crate) fn offer(self, plan: &Node, sale: &Node) -> Result<BigInt, Fault> {
        let (plan, sale) = self.documents(plan, sale);
        self.pool(&Plan::read(&plan), &Sale::read(&sale))
    }

    /// What each rule hands out and retains.
    fn run(self, plan: &Plan, sale: &Sale) -> Result<Ledger, Fault> {
        let mut ledger = Ledger::default();
        for rule in &plan.rules {
            let groups = self.groups(plan, rule, sale)?;
            if groups.is_empty() {
                continue;
            }
            let scene = self.scene(plan, rule, sale)?;
            for group in groups {
                ledger.open(rule, &group);
                match &rule.pay {
                    Pay::Levels(_) => self.levels(&scene, &group, &mut ledger)?,
                    Pay::Differential(_) => self.differential(&scene, &group, &mut ledger)?,
                }
            }
        }
        Ok(ledger)
    }

    /// `Σ offers over lines, rules and slots`, without a look at any row.
    fn pool(self, plan: &Plan, sale: &Sale) -> Result<BigInt, Fault> {
        let mut pool = big(0);
        for rule in &plan.rules {
            let groups = self.groups(plan, rule, sale)?;
            if groups.is_empty() {
                continue;
            }
            let scene = self.scene(plan, rule, sale)?;
            for group in groups {
                pool += match &rule.pay {
                    Pay::Levels(_) => self.levels_offer(&scene, &group)?,
                    Pay::Differential(_) => self.differential_offer(&scene, &group)?,
                };
            }
        }
        Ok(pool)
    }

    /// What the best rate on the path comes to, by differential rule and portion; zeros left out.
    pub(crate) fn best_on_path(self, plan: &Node, sale: &Node) -> Result<Entitlements, Fault> {
        let (plan, sale) = (Plan::read(plan), Sale::read(sale));
        let mut best = Entitlements::new();
        for rule in &plan.rules {
            for group in self.groups(&plan, rule, &sale)? {
                let scene = self.scene(&plan, rule, &sale)?;
                let amount = self.best_of_row(&scene, &group)?;
                let line = (rule.per != Per::Order).then(|| group[0].id.clone());
                if amount != big(0) {
                    best.insert((rule.id.clone(), line), amount);
                }
            }
        }
        Ok(best)
    }

    /// The lines a rule pays for, in the portions that are rounded together: each line alone, or with
    /// `per = "order"` all of them.
    fn groups<'a>(self, plan: &Plan, rule: &Rule, sale: &'a Sale) -> Result<Vec<Vec<&'a Line>>, Fault> {
        let mut lines = Vec::new();
        for line in &sale.lines {
            if self.applies(plan, rule, sale, line)? {
                // A component that is named and not stated is an error, whatever it would have earned.
                self.base(rule, line)?;
                lines.push(line);
            }
        }
        if lines.is_empty() {
            return Ok(Vec::new());
        }
        Ok(match rule.per {
            Per::Order => vec![lines],
            Per::Line | Per::Unit => lines.into_iter().map(|line| vec![line]).collect(),
        })
    }
}
