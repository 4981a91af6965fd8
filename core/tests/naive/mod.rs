//! The second opinion: a naive, exact interpreter of the plan language, for tests alone.
//!
//! It was written from `docs/reference/plan.md` and from nothing else, and it is meant to be obviously
//! right rather than fast: rates are big rationals, amounts big integers, every walk is a loop over
//! people, and the plan and the sale are read from their documents by its own code. [`Mutation`] plants
//! the mistakes that the laws must find.

mod base;
pub(crate) mod batch;
mod caps;
mod chain;
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
pub(crate) mod sale;
mod schedules;
pub(crate) mod shrink;

pub(crate) use mutation::Mutation;
pub(crate) use number::{Q, big};

use fenrun::doc::Node;
use num_bigint::BigInt;
use outcome::{Ledger, Outcome};
use plan::{Pay, Per, Plan, Trigger};
use sale::Sale;
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
        let outcome = self.settled(&plan, &sale)?.close(self, &plan, self.pool(&plan, &sale)?, &sale);
        Ok(self.spoil(outcome, &sale))
    }

    /// What all rules hand out and retain, within all caps.
    fn settled(self, plan: &Plan, sale: &Sale) -> Result<Ledger, Fault> {
        let mut ledger = self.run(plan, sale)?;
        self.plan_caps(plan, sale, &mut ledger)?;
        Ok(ledger)
    }

    /// What the plan offers for a sale, whoever gets it.
    pub(crate) fn offer(self, plan: &Node, sale: &Node) -> Result<BigInt, Fault> {
        let (plan, sale) = self.documents(plan, sale);
        self.pool(&Plan::read(&plan), &Sale::read(&sale))
    }

    /// What each rule hands out and retains, within its own caps.
    fn run(self, plan: &Plan, sale: &Sale) -> Result<Ledger, Fault> {
        let mut ledger = Ledger::default();
        for rule in chain::sequence(plan) {
            let mut base = big(0);
            for source in self.sources(plan, rule, sale, &ledger)? {
                let scene = self.scene(plan, rule, sale, &source.asker)?;
                for group in chain::groups(rule, &source.lines) {
                    ledger.open(rule, &group, source.award);
                    match &rule.pay {
                        Pay::Levels(_) | Pay::Endless(_) => self.levels(&scene, &group, &mut ledger)?,
                        Pay::Differential(_) => self.differential(&scene, &group, &mut ledger)?,
                        _ => self.schedule(&scene, &group, &mut ledger)?,
                    }
                }
                for line in &source.lines {
                    base += self.base(rule, line)?;
                }
            }
            self.rule_caps(rule, sale, &base, &mut ledger)?;
        }
        Ok(ledger)
    }

    /// `Σ offers over lines, rules and slots`. Of the amounts only those are looked at that other rules run
    /// after.
    fn pool(self, plan: &Plan, sale: &Sale) -> Result<BigInt, Fault> {
        let mut pool = big(0);
        let chained = plan.rules.iter().any(|rule| matches!(rule.trigger, Trigger::After(_)));
        let ledger = if chained { self.run(plan, sale)? } else { Ledger::default() };
        for rule in chain::sequence(plan) {
            for source in self.sources(plan, rule, sale, &ledger)? {
                let scene = self.scene(plan, rule, sale, &source.asker)?;
                for group in chain::groups(rule, &source.lines) {
                    pool += match &rule.pay {
                        Pay::Levels(_) | Pay::Endless(_) => self.levels_offer(&scene, &group)?,
                        Pay::Differential(_) => self.differential_offer(&scene, &group)?,
                        _ => self.schedule_offer(rule, &group)?,
                    };
                }
            }
        }
        Ok(pool)
    }

    /// What the best rate on the path comes to, by differential rule and portion; zeros left out.
    pub(crate) fn best_on_path(self, plan: &Node, sale: &Node) -> Result<Entitlements, Fault> {
        let (plan, sale) = (Plan::read(plan), Sale::read(sale));
        let mut best = Entitlements::new();
        for rule in &plan.rules {
            let lines = self.lines(&plan, rule, &sale)?;
            for group in chain::groups(rule, &lines) {
                let scene = self.scene(&plan, rule, &sale, &sale.buyer)?;
                let amount = self.best_of_row(&scene, &group)?;
                let line = (rule.per != Per::Order).then(|| group[0].id.clone());
                if amount != big(0) {
                    best.insert((rule.id.clone(), line), amount);
                }
            }
        }
        Ok(best)
    }
}
