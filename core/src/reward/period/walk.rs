//! Levels and differentials over an upline: each source is settled as one line of a sale is, from the same
//! code, with the source as its buyer.

use super::close::Scene;
use super::entry::{Entry, Source};
use super::tree::Tree;
use crate::error::{Code, Error, Result};
use crate::id::{LineId, OrderId};
use crate::reward::commission::{Cell, evaluate_cells, offer};
use crate::reward::plan::{Amount, Plan, REFERRAL, Rule, Schedule, StopSource, Unqualified};
use crate::sale::{Facts, Pay, Purpose, Sale, SaleDraft, SaleLine};
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// One rule that walks one tree.
pub(super) struct Walk<'a> {
    scene: &'a Scene<'a>,
    at: usize,
    /// The rule alone, as a rule of a sale.
    plan: Plan,
    tree: &'a Tree,
    limit: usize,
    /// Whether it pays minor units per unit sold.
    by_units: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn new(scene: &'a Scene<'a>, at: usize) -> Result<Self> {
        let rule = &scene.plan.rules()[at];
        let ups = || {
            rule.to.iter().filter_map(|stop| match &stop.source {
                StopSource::Up { tree, limit, .. } => Some((tree.as_str(), *limit)),
                _ => None,
            })
        };
        let name = ups().next().map_or(REFERRAL, |(tree, _)| tree);
        if ups().any(|(tree, _)| tree != name) {
            let error = format!("rule `{}`: stops in two trees; a rule of a period walks one", rule.id);
            return Err(Error::new(Code::NotSupported, error));
        }
        let units = |amount: &Amount| matches!(amount, Amount::Fixed(Pay::PerUnit(_)));
        Ok(Self {
            scene,
            at,
            plan: scene.plan.of_source(at),
            tree: scene.snapshot.tree(name)?,
            limit: ups().map(|(_, limit)| limit).max().unwrap_or(0).min(needed(rule)),
            by_units: rule.pay.table().iter().flat_map(|(_, list)| list).any(units),
        })
    }

    /// Adds the slots of one source and answers what the rule offers for it.
    pub(super) fn run(&self, place: usize, source: &Source, entries: &mut Vec<Entry>) -> Result<i64> {
        let Some(sale) = self.sale(source)? else { return Ok(0) };
        for cell in evaluate_cells(&self.plan, &sale, None)? {
            entries.push(self.entry(place, &cell)?);
        }
        offer(&self.plan, &sale)
    }

    /// The source as a sale; nothing where it has neither base nor units.
    fn sale(&self, source: &Source) -> Result<Option<Sale>> {
        let units = match self.by_units {
            true => {
                self.scene.volumes.of(&self.scene.plan.rules()[self.at], "quantity", source.volumes_of)?
            }
            false => 1,
        };
        if units == 0 || (source.base == 0 && !self.by_units) {
            return Ok(None);
        }
        let person = |at: usize| self.scene.people[at].clone();
        let id = self.scene.snapshot.id(source.member);
        let line = SaleLine {
            id: LineId::from(1),
            units: units.unsigned_abs(),
            components: BTreeMap::from([("paid".to_owned(), source.base)]),
            purpose: Purpose::Goods,
            facts: Facts::new(),
            overrides: BTreeMap::new(),
        };
        let draft = SaleDraft {
            tenant: String::new(),
            id: OrderId::from(id),
            version: 1,
            currency: self.plan.currency(),
            placed_at: Timestamp::from_ms(0),
            buyer: person(source.member),
            upline: self.tree.upline(source.member).take(self.limit).map(person).collect(),
            roles: BTreeMap::new(),
            facts: Facts::new(),
            lines: vec![line],
        };
        Sale::new(draft).map(Some)
    }

    fn entry(&self, place: usize, cell: &Cell<'_>) -> Result<Entry> {
        let handle = |person: Option<&crate::sale::Person>| match person {
            None => Ok(0),
            Some(person) => {
                let id = person.id.as_str().parse().unwrap_or(0);
                self.scene.snapshot.handle(id)
            }
        };
        Ok(Entry {
            source: place,
            level: cell.level,
            stands: handle(cell.stands)?,
            payee: handle(cell.payee.filter(|_| cell.reason.is_none()))?,
            rate: cell.rate,
            base: cell.base,
            below: cell.below,
            amount: cell.amount,
            reason: cell.reason,
            cut: Vec::new(),
        })
    }
}

/// How much of an upline can matter: no more people than levels, where nobody is passed over.
fn needed(rule: &Rule) -> usize {
    let passes_over = !matches!(rule.unqualified, Unqualified::Retain | Unqualified::Stop);
    match &rule.pay {
        Schedule::Levels(table) if !passes_over && rule.to.len() == 1 => table.levels(),
        _ => usize::MAX,
    }
}
