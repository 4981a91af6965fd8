//! Where false identities stand in a period.

use super::Limits;
use super::attack::{Attack, Identity, Place};
use super::division::Purchase;
use super::stage::{Actor, Stage, legged};
use crate::reward::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};

/// So many identities stand on any legs; of more, all on the same.
const ANY_LEGS: usize = 3;

/// How identities stand: those above from the top, then those below or apart, downward.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    above: usize,
    below: usize,
    stand: Stand,
    /// The rank of those above, and of all others.
    ranks: [Option<String>; 2],
    /// Whether those below the attacker follow the last identity.
    followed: bool,
    /// The leg of each in trees with legs.
    legs: Vec<u32>,
    /// Whether the plan has such trees.
    legged: bool,
}

/// What the identities that are not above stand like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    /// In a row below the attacker.
    Below,
    /// Beside the attacker.
    Beside,
    /// In a row of a tree of their own.
    Rooted,
}

impl Layout {
    /// Every layout within the limits, identities having one of these ranks. So many parts are one identity
    /// less beside oneself.
    pub(super) fn all(plan: &Plan, limits: Limits, ranks: &[Option<String>]) -> Vec<Self> {
        let with_legs = plan.trees().keys().any(|tree| legged(plan, tree));
        let most =
            |stand| if stand == Stand::Beside { limits.parts.saturating_sub(1) } else { limits.identities };
        let mut layouts = Vec::new();
        for stand in [Stand::Below, Stand::Beside, Stand::Rooted] {
            for count in 1..=most(stand) {
                let aboves = if stand == Stand::Below { 0..=count } else { 0..=0 };
                for (above, legs) in
                    aboves.flat_map(|n| legs(count, with_legs).into_iter().map(move |l| (n, l)))
                {
                    let below = count - above;
                    let follows: &[bool] =
                        if below == 0 || stand == Stand::Beside { &[false] } else { &[true, false] };
                    for (followed, ranks) in follows
                        .iter()
                        .flat_map(|f| pairs(ranks, above > 0 && below > 0).into_iter().map(move |r| (*f, r)))
                    {
                        layouts.push(Self {
                            above,
                            below,
                            stand,
                            ranks,
                            followed,
                            legs: legs.clone(),
                            legged: with_legs,
                        });
                    }
                }
            }
        }
        layouts.sort_by_key(Self::identities);
        layouts
    }

    /// How many identities there are.
    pub(super) const fn identities(&self) -> usize {
        self.above + self.below
    }

    /// Whether those below the attacker follow the last identity.
    pub(super) const fn followed(&self) -> bool {
        self.followed
    }

    /// What it is, with what is bought.
    pub(super) fn attack(&self, purchase: Purchase) -> Attack {
        match (self.stand, self.above, self.below) {
            (Stand::Beside, ..) => Attack::Split,
            (Stand::Rooted, ..) => Attack::Apart,
            (Stand::Below, _, 0) if purchase == Purchase::Stays => Attack::Above,
            (Stand::Below, _, 0) => Attack::Mixed,
            (Stand::Below, 0, _) => Attack::Below,
            (Stand::Below, ..) => Attack::Both,
        }
    }

    /// The identities, in order.
    pub(super) fn stated(&self) -> Vec<Identity> {
        let rest = match self.stand {
            Stand::Below => Place::Below,
            Stand::Beside => Place::Beside,
            Stand::Rooted => Place::Apart,
        };
        let place = |at: usize| if at < self.above { Place::Above } else { rest };
        let leg = |at: usize| self.legs.get(at).copied().filter(|_| self.legged);
        let stated = |at: usize| Identity { place: place(at), rank: self.rank(at), leg: leg(at) };
        (0..self.identities()).map(stated).collect()
    }

    fn rank(&self, at: usize) -> Option<String> {
        self.ranks[usize::from(at >= self.above)].clone()
    }

    /// The stage with the identities, who buy nothing yet, and the attacker with them, in order.
    pub(super) fn play(&self, plan: &Plan, stage: &Stage, own: &Actor) -> (Stage, Vec<u64>) {
        let known: BTreeSet<u64> = stage.actors.iter().map(|actor| actor.id).collect();
        let highest = known.last().copied().unwrap_or(0);
        // Above everybody, or in a gap where there is no room above.
        let free = (highest..=u64::MAX).chain(1..highest).filter(|id| *id > 0 && !known.contains(id));
        let new: Vec<u64> = free.take(self.identities()).collect();
        let mut stage = stage.clone();
        let identity = |(at, id): (usize, &u64)| Actor {
            id: *id,
            rank: self.rank(at),
            volumes: BTreeMap::new(),
            ..own.clone()
        };
        stage.actors.extend(new.iter().enumerate().map(identity));
        for name in plan.trees().keys().map(Some).chain([None]) {
            let name = name.map(String::as_str);
            let legged = name.is_some_and(|name| legged(plan, name));
            self.stand(&mut Tree { stage: &mut stage, name, legged }, own.id, &new);
        }
        (stage, [own.id].into_iter().chain(new).collect())
    }

    /// Puts the identities where they stand in one tree.
    fn stand(&self, tree: &mut Tree<'_>, attacker: u64, new: &[u64]) {
        let legged = tree.legged;
        let leg = |at: usize| if legged { self.legs[at] } else { 0 };
        let (above, rest) = new.split_at(self.above);
        // The first takes the attacker's place, each next stands below the one before.
        let mut place = tree.place(attacker);
        for (at, id) in above.iter().enumerate() {
            tree.set(*id, place);
            place = (*id, leg(at));
        }
        tree.set(attacker, place);
        if rest.is_empty() {
            return;
        }
        let first = leg(self.above);
        let moves = |(id, own): &(u64, u32)| !new.contains(id) && (!legged || *own == first);
        let moved: Vec<(u64, u32)> = match self.followed {
            true => tree.below(attacker).into_iter().filter(moves).collect(),
            false => Vec::new(),
        };
        if self.stand == Stand::Beside {
            for (at, id) in rest.iter().enumerate() {
                // Legs are taken: beside oneself there is room at the ends of one's own legs only.
                let end = |tree: &Tree<'_>| (tree.end(attacker, leg(at), &rest[at..]), leg(at));
                let place = if legged { end(tree) } else { place };
                tree.set(*id, place);
            }
            return;
        }
        let mut place = match self.stand {
            Stand::Rooted => (0, 0),
            _ if self.followed || !legged => (attacker, first),
            _ => (tree.end(attacker, first, rest), first),
        };
        for (at, id) in rest.iter().enumerate() {
            tree.set(*id, place);
            place = (*id, leg((self.above + at + 1).min(self.identities() - 1)));
        }
        moved.into_iter().for_each(|(id, _)| tree.set(id, place));
    }
}

/// The ranks of those above and of the others: any two where both are there, or one.
fn pairs(ranks: &[Option<String>], both: bool) -> Vec<[Option<String>; 2]> {
    let others = |one: &Option<String>| match both {
        true => ranks.iter().map(|other| [one.clone(), other.clone()]).collect(),
        false => vec![[one.clone(), one.clone()]],
    };
    ranks.iter().flat_map(others).collect()
}

/// The legs so many identities stand on.
fn legs(count: usize, with_legs: bool) -> Vec<Vec<u32>> {
    if !with_legs {
        return vec![vec![1; count]];
    }
    if count > ANY_LEGS {
        // Side by side they take turns, so that both legs have some.
        let turns = |first: u32| (0..count).map(|at| if at % 2 == 0 { first } else { 3 - first }).collect();
        return vec![vec![1; count], vec![2; count], turns(1), turns(2)];
    }
    let mut all = vec![Vec::new()];
    for _ in 0..count {
        all = all
            .iter()
            .flat_map(|legs: &Vec<u32>| [1, 2].map(|leg| [legs.as_slice(), &[leg]].concat()))
            .collect();
    }
    all
}

/// One tree of a stage; the referral one without a name.
struct Tree<'a> {
    stage: &'a mut Stage,
    name: Option<&'a str>,
    /// Whether members stand on legs in it.
    legged: bool,
}

impl Tree<'_> {
    fn place_of(&self, actor: &Actor) -> (u64, u32) {
        match self.name {
            None => (actor.inviter, 0),
            Some(name) => actor.places.get(name).copied().unwrap_or_default(),
        }
    }

    fn place(&self, id: u64) -> (u64, u32) {
        let found = self.stage.actors.iter().find(|actor| actor.id == id);
        found.map_or((0, 0), |actor| self.place_of(actor))
    }

    /// Who stands directly below somebody, and on which leg.
    fn below(&self, id: u64) -> Vec<(u64, u32)> {
        let placed = self.stage.actors.iter().map(|actor| (actor.id, self.place_of(actor)));
        placed.filter(|(_, place)| place.0 == id).map(|(id, place)| (id, place.1)).collect()
    }

    /// The last one down a leg, those who have no place yet left out.
    fn end(&self, from: u64, leg: u32, open: &[u64]) -> u64 {
        let mut at = from;
        while let Some((next, _)) =
            self.below(at).into_iter().find(|(id, own)| *own == leg && !open.contains(id))
        {
            at = next;
        }
        at
    }

    fn set(&mut self, id: u64, place: (u64, u32)) {
        if let Some(actor) = self.stage.actors.iter_mut().find(|actor| actor.id == id) {
            match self.name {
                None => actor.inviter = place.0,
                Some(name) => drop(actor.places.insert(name.to_owned(), place)),
            }
        }
    }
}
