//! What makes a rule run: the sale itself, or each amount that another rule pays.

use super::number::big;
use super::outcome::{Award, Ledger};
use super::plan::{Per, Plan, Rule, Trigger};
use super::sale::{Line, Person, Sale};
use super::{Fault, Mutation, Naive};
use std::collections::BTreeMap;

/// One source of a rule: who is asked, what was sold, and the amount it runs after.
pub(crate) struct Source {
    pub(crate) asker: Person,
    pub(crate) lines: Vec<Line>,
    pub(crate) award: Option<usize>,
}

/// The rules a sale is settled by: as they are written, but each behind the one it runs after.
pub(crate) fn sequence(plan: &Plan) -> Vec<&Rule> {
    fn place<'a>(plan: &'a Plan, rule: &'a Rule, placed: &mut Vec<&'a Rule>) {
        if placed.iter().any(|known| known.id == rule.id) {
            return;
        }
        if let Trigger::After(source) = &rule.trigger {
            place(plan, plan.rule(source), placed);
        }
        placed.push(rule);
    }
    let mut placed = Vec::new();
    plan.rules.iter().for_each(|rule| place(plan, rule, &mut placed));
    placed.retain(|rule| plan.first_of_chain(rule).trigger == Trigger::Sale);
    placed
}

impl Plan {
    fn rule(&self, id: &str) -> &Rule {
        self.rules.iter().find(|rule| rule.id == id).expect("a rule of the plan")
    }

    fn first_of_chain<'a>(&'a self, rule: &'a Rule) -> &'a Rule {
        match &rule.trigger {
            Trigger::After(source) => self.first_of_chain(self.rule(source)),
            _ => rule,
        }
    }
}

impl Naive {
    /// The sources of a rule, when the rules before it have handed out theirs.
    pub(crate) fn sources(
        self,
        plan: &Plan,
        rule: &Rule,
        sale: &Sale,
        ledger: &Ledger,
    ) -> Result<Vec<Source>, Fault> {
        let Trigger::After(before) = &rule.trigger else {
            let lines = self.lines(plan, rule, sale)?;
            let asker = sale.buyer.clone();
            return Ok(if lines.is_empty() {
                Vec::new()
            } else {
                vec![Source { asker, lines, award: None }]
            });
        };
        let mut sources = Vec::new();
        for (at, award) in ledger.awards.iter().enumerate() {
            if award.rule != *before || award.amount <= big(0) {
                continue;
            }
            if let Some(line) = self.paid_for(plan, rule, sale, award)? {
                self.check_base(rule, &line)?;
                sources.push(Source { asker: award.payee.clone(), lines: vec![line], award: Some(at) });
            }
        }
        Ok(sources)
    }

    /// The lines an order rule applies to.
    pub(crate) fn lines(self, plan: &Plan, rule: &Rule, sale: &Sale) -> Result<Vec<Line>, Fault> {
        let mut lines = Vec::new();
        for line in &sale.lines {
            if self.applies(plan, rule, sale, &sale.buyer, line)? {
                // A component that is named and not stated is an error, whatever it would have earned.
                self.check_base(rule, line)?;
                lines.push(line.clone());
            }
        }
        Ok(lines)
    }

    fn check_base(self, rule: &Rule, line: &Line) -> Result<(), Fault> {
        self.base(rule, line)?;
        self.volume(rule, line).map(drop)
    }

    /// What an amount was paid for, as one line, with the amount as a component `income`; nothing where the
    /// rule does not apply.
    fn paid_for(self, plan: &Plan, rule: &Rule, sale: &Sale, award: &Award) -> Result<Option<Line>, Fault> {
        let mut paid_for = Vec::new();
        for line in &sale.lines {
            let first = plan.first_of_chain(plan.rule(&award.rule));
            let one_of_them = match &award.line {
                Some(id) => *id == line.id,
                None => self.applies(plan, first, sale, &sale.buyer, line)?,
            };
            if one_of_them {
                paid_for.push(line);
            }
        }
        let opens = match (&award.line, paid_for.as_slice()) {
            (Some(_), [line]) => self.applies(plan, rule, sale, &award.payee, line)?,
            _ => self.applies_to_all(plan, rule, sale, &award.payee, &paid_for)?,
        };
        if !opens {
            return Ok(None);
        }
        let mut components = BTreeMap::new();
        for name in paid_for.iter().flat_map(|line| line.components.keys()) {
            let stated: Option<Vec<_>> = paid_for.iter().map(|line| line.components.get(name)).collect();
            if let Some(stated) = stated {
                components.insert(name.clone(), stated.into_iter().sum());
            }
        }
        let income = if self.planted(Mutation::IncomeIsPaid) {
            components.get("paid").cloned().unwrap_or_default()
        } else {
            award.amount.clone()
        };
        components.insert("income".into(), income);
        let single = award.line.as_ref().and_then(|_| paid_for.first());
        Ok(Some(Line {
            id: award.line.clone().unwrap_or_default(),
            units: paid_for.iter().map(|line| &line.units).sum(),
            components,
            purpose: "goods".into(),
            facts: BTreeMap::new(),
            overrides: single.map(|line| line.overrides.clone()).unwrap_or_default(),
        }))
    }
}

/// The portions that are rounded together: each line alone, or with `per = "order"` all of them.
pub(crate) fn groups<'a>(rule: &Rule, lines: &'a [Line]) -> Vec<Vec<&'a Line>> {
    match rule.per {
        _ if lines.is_empty() => Vec::new(),
        Per::Order => vec![lines.iter().collect()],
        Per::Line | Per::Unit => lines.iter().map(|line| vec![line]).collect(),
    }
}
