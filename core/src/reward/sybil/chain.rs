//! False identities on the path of a sale.

use super::attack::{Attack, Identity, Place};
use crate::error::Result;
use crate::id::MemberId;
use crate::sale::{Person, Sale, SaleDraft};
use std::collections::BTreeSet;

/// Up to so many identities each have a rank of their own; of more, those on one side share one.
const OWN_RANKS: usize = 3;
/// Up to so many identities are also tried in a tree of their own, and together with a sale that is split.
pub(super) const FEW: usize = 2;

/// A sale that is attacked, and the identities there are for it.
#[derive(Clone, Copy)]
pub(super) struct Played<'a> {
    pub(super) sale: &'a Sale,
    pub(super) identities: &'a [MemberId],
}

/// What stands where the attacker stood, from the lowest up.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    /// The ranks of the identities.
    ranks: Vec<Option<String>>,
    /// Where among them the attacker stands; nowhere when the identities stand in their place.
    attacker: Option<usize>,
    /// Whether nobody stands above them.
    rooted: bool,
}

impl Chain {
    /// The attacker alone.
    pub(super) const fn honest() -> Self {
        Self { ranks: Vec::new(), attacker: Some(0), rooted: false }
    }

    /// Every chain of up to so many identities of these ranks, short ones first.
    pub(super) fn all(identities: usize, ranks: &[Option<String>]) -> Vec<Self> {
        let mut chains = Vec::new();
        for count in 1..=identities {
            for attacker in (0..=count).map(Some).chain([None]) {
                let rooted: &[bool] = if count <= FEW { &[false, true] } else { &[false] };
                for ranks in rankings(count, attacker, ranks) {
                    let chain = |rooted: &bool| Self { ranks: ranks.clone(), attacker, rooted: *rooted };
                    chains.extend(rooted.iter().map(chain));
                }
            }
        }
        chains
    }

    /// How many identities it has.
    pub(super) fn identities(&self) -> usize {
        self.ranks.len()
    }

    /// How many stand in it, the attacker among them.
    pub(super) fn len(&self) -> usize {
        self.ranks.len() + usize::from(self.attacker.is_some())
    }

    /// What it is, for a sale in so many parts.
    pub(super) fn attack(&self, parts: usize) -> Attack {
        match (self.attacker, parts) {
            (_, 2..) if self.ranks.is_empty() => Attack::Split,
            (_, 2..) => Attack::Mixed,
            (Some(0), _) if !self.rooted => Attack::Above,
            (Some(at), _) if !self.rooted && at == self.ranks.len() => Attack::Below,
            (Some(_), _) if !self.rooted => Attack::Both,
            _ => Attack::Apart,
        }
    }

    /// The identities, from the lowest up.
    pub(super) fn stated(&self) -> Vec<Identity> {
        let place = |at: usize| match self.attacker {
            Some(attacker) if at < attacker => Place::Below,
            Some(_) if !self.rooted => Place::Above,
            _ => Place::Apart,
        };
        let ranks = self.ranks.iter().enumerate();
        ranks.map(|(at, rank)| Identity { place: place(at), rank: rank.clone(), leg: None }).collect()
    }

    /// The sale with the chain in the place of the attacker, in every tree they stand in. A buyer buys as
    /// the one at `from`, counted from the lowest.
    ///
    /// Whoever holds a role or a region and is cut off their path stands above its end, below nobody: rules that run
    /// after what holders get find them.
    pub(super) fn play(&self, scene: Played<'_>, attacker: &MemberId, from: usize) -> Result<Sale> {
        let sale = scene.sale;
        let holders: Vec<&Person> = sale.roles.values().chain(sale.around.regions.values()).collect();
        let mut draft = self.placed(scene, attacker, from);
        let paths = draft.around.uplines.iter_mut().map(|(tree, path)| (sale.around.uplines.get(tree), path));
        for (before, path) in paths.chain([(Some(&sale.upline), &mut draft.upline)]) {
            for person in before.into_iter().flatten() {
                let holds = holders.iter().any(|holder| holder.id == person.id);
                if holds && path.iter().all(|other| other.id != person.id) {
                    path.push(person.clone());
                }
            }
        }
        Sale::new(draft)
    }

    fn placed(&self, scene: Played<'_>, attacker: &MemberId, from: usize) -> SaleDraft {
        let mut draft = scene.sale.clone().into_draft();
        let buyer = draft.buyer.clone();
        if buyer.id == *attacker {
            let mut persons = self.persons(scene.identities, &buyer, from);
            draft.buyer = persons.remove(0);
            let uplines = draft.around.uplines.values_mut();
            uplines.chain([&mut draft.upline]).for_each(|upline| self.put(upline, 0..0, &persons));
            return draft;
        }
        for upline in draft.around.uplines.values_mut().chain([&mut draft.upline]) {
            let Some(at) = upline.iter().position(|person| person.id == *attacker) else { continue };
            let persons = self.persons(scene.identities, &upline[at], 0);
            self.put(upline, at..at + 1, &persons);
        }
        draft
    }

    fn put(&self, upline: &mut Vec<Person>, place: std::ops::Range<usize>, persons: &[Person]) {
        if self.rooted {
            upline.truncate(place.end);
        }
        drop(upline.splice(place, persons.iter().cloned()));
    }

    /// The people of the chain from one on.
    fn persons(&self, identities: &[MemberId], attacker: &Person, from: usize) -> Vec<Person> {
        let person = |(id, rank): (&MemberId, &Option<String>)| Person {
            id: id.clone(),
            rank: rank.clone(),
            facts: attacker.facts.clone(),
        };
        let mut persons: Vec<Person> = identities.iter().zip(&self.ranks).map(person).collect();
        if let Some(at) = self.attacker {
            persons.insert(at, attacker.clone());
        }
        persons.split_off(from)
    }
}

/// The ids of so many identities, which nobody of the sale has.
pub(super) fn identities(sale: &Sale, count: usize) -> Result<Vec<MemberId>> {
    let paths = sale.around.uplines.values().flatten().chain(&sale.upline);
    let holders = sale.roles.values().chain(sale.around.regions.values());
    let people = paths.chain(holders).chain([&sale.buyer]).map(|person| person.id.as_str());
    let used = sale.used.iter().flatten().filter_map(|used| used.payee.as_ref()).map(MemberId::as_str);
    let taken: BTreeSet<&str> = people.chain(used).collect();
    let names = (1_u64..).map(|at| format!("false-{at}")).filter(|name| !taken.contains(name.as_str()));
    names.take(count).map(|name| MemberId::new(&name)).collect()
}

/// The ranks so many identities may have.
fn rankings(count: usize, attacker: Option<usize>, ranks: &[Option<String>]) -> Vec<Vec<Option<String>>> {
    if count > OWN_RANKS {
        let below = attacker.unwrap_or(count);
        let sides = |low: &Option<String>, high: &Option<String>| {
            [vec![low.clone(); below], vec![high.clone(); count - below]].concat()
        };
        return match below {
            0 => ranks.iter().map(|rank| sides(rank, rank)).collect(),
            below if below == count => ranks.iter().map(|rank| sides(rank, rank)).collect(),
            _ => ranks.iter().flat_map(|low| ranks.iter().map(move |high| sides(low, high))).collect(),
        };
    }
    let mut all = vec![Vec::new()];
    for _ in 0..count {
        let longer = |some: &Vec<Option<String>>| {
            let each = ranks.iter().map(|rank| [some.as_slice(), std::slice::from_ref(rank)].concat());
            each.collect::<Vec<_>>()
        };
        all = all.iter().flat_map(longer).collect();
    }
    all
}
