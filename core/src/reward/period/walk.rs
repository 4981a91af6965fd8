//! Levels and differentials over an upline: each source is settled as one line of a sale is, from the same
//! code, with the source as its buyer.

use super::close::Scene;
use super::entry::{Entry, Source};
use super::tree::Tree;
use crate::error::Result;
use crate::id::{LineId, OrderId};
use crate::reward::commission::{Cell, evaluate_cells, offer};
use crate::reward::plan::{Amount, Plan, REFERRAL, Reach, Rule, Schedule, StopSource, Unqualified};
use crate::sale::{Around, Facts, Pay, Person, Purpose, Sale, SaleDraft, SaleLine};
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// One rule that walks one tree.
pub(super) struct Walk<'a> {
    scene: &'a Scene<'a>,
    at: usize,
    /// The rule alone, as a rule of a sale.
    plan: Plan,
    walks: Vec<Path<'a>>,
    /// Whether it pays minor units per unit sold.
    by_units: bool,
}

/// A tree that is walked, and how far.
struct Path<'a> {
    name: &'a str,
    tree: &'a Tree,
    limit: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(scene: &'a Scene<'a>, at: usize) -> Result<Self> {
        let rule = &scene.plan.rules()[at];
        let units = |amount: &Amount| matches!(amount, Amount::Fixed(Pay::PerUnit(_)));
        let (mut walks, most) = (Vec::new(), needed(rule));
        for stop in &rule.to {
            if let StopSource::Up { tree, limit, .. } = &stop.source {
                walks.push(Path { name: tree, tree: scene.snapshot.tree(tree)?, limit: most.min(*limit) });
            }
        }
        let by_units = rule.pay.table().iter().flat_map(|(_, list)| list).any(units);
        Ok(Self { scene, at, plan: scene.plan.of_source(at), walks, by_units })
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
        let id = self.scene.snapshot.member(source.member);
        let line = SaleLine {
            id: LineId::from(1),
            units: units.unsigned_abs(),
            components: BTreeMap::from([("paid".to_owned(), source.base)]),
            purpose: Purpose::Goods,
            facts: Facts::new(),
            overrides: BTreeMap::new(),
        };
        let (mut upline, mut around) = (Vec::new(), Around::default());
        for walk in &self.walks {
            let stops: Vec<Person> = walk.tree.upline(source.member).take(walk.limit).map(person).collect();
            let known = if walk.name == REFERRAL {
                &mut upline
            } else {
                around.uplines.entry(walk.name.to_owned()).or_default()
            };
            if stops.len() > known.len() {
                *known = stops;
            }
        }
        let draft = SaleDraft {
            tenant: String::new(),
            id: OrderId::new(id.as_str())?,
            version: 1,
            currency: self.plan.currency(),
            placed_at: Timestamp::from_ms(0),
            buyer: person(source.member),
            upline,
            around,
            used: None,
            roles: BTreeMap::new(),
            facts: Facts::new(),
            lines: vec![line],
        };
        Sale::new(draft).map(Some)
    }

    fn entry(&self, place: usize, cell: &Cell<'_>) -> Result<Entry> {
        let handle = |person: Option<&Person>| match person {
            None => Ok(0),
            Some(person) => self.scene.snapshot.slot(&person.id),
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
    let peers = |source: &StopSource| matches!(source, StopSource::Up { reach: Reach::SameRank, .. });
    let passes_over = !matches!(rule.unqualified, Unqualified::Retain | Unqualified::Stop)
        || rule.to.iter().any(|stop| peers(&stop.source));
    match &rule.pay {
        Schedule::Levels(table) if !passes_over && rule.to.len() == 1 => table.levels(),
        _ => usize::MAX,
    }
}
