//! Attacks on a period: false identities beside somebody, and what is bought through them.

use super::Limits;
use super::attack::Attack;
use super::stage::{Actor, Stage, legged};
use crate::error::Result;
use crate::money::telescope;
use crate::reward::plan::Plan;
use crate::words::words;
use std::collections::{BTreeMap, BTreeSet};

words! {
    /// What an attacker does with their own purchases.
    Purchase {
        /// They stay in their own name.
        Stays = "stays", "own purchases stay", "本人购买不变";
        /// They go through the last identity.
        Moves = "moves", "own purchases go through the last identity", "本人购买经由最后一个身份";
        /// Everybody buys a part.
        Divides = "divides", "own purchases are divided over everybody", "本人购买由各身份分摊";
        /// The identities buy all of it.
        Away = "away", "the identities buy everything", "全部由虚假身份购买";
    }
}

/// One attack of a period.
#[derive(Clone, Debug)]
pub(super) struct Plot {
    pub(super) attack: Attack,
    pub(super) count: usize,
    pub(super) rank: Option<String>,
    pub(super) purchase: Purchase,
    /// Whether those below follow the last identity, where identities stand below.
    pub(super) followed: bool,
    /// The leg identities stand on in trees with legs.
    pub(super) leg: u32,
}

impl Plot {
    /// Every attack within the limits, identities having one of these ranks. So many parts are one identity
    /// less.
    pub(super) fn all(plan: &Plan, limits: Limits, ranks: &BTreeSet<Option<String>>) -> Vec<Self> {
        let legs: &[u32] = if plan.trees().keys().any(|tree| legged(plan, tree)) { &[1, 2] } else { &[1] };
        let ways: [(Attack, &[Purchase], &[bool]); 3] = [
            (Attack::Above, &[Purchase::Stays], &[true]),
            (Attack::Below, &[Purchase::Stays, Purchase::Moves, Purchase::Divides], &[true, false]),
            (Attack::Split, &[Purchase::Divides, Purchase::Away], &[false]),
        ];
        let mut plots = Vec::new();
        for (attack, purchases, follows) in ways {
            for (purchase, followed) in purchases.iter().flat_map(|p| follows.iter().map(move |f| (*p, *f))) {
                let most =
                    if attack == Attack::Split { limits.parts.saturating_sub(1) } else { limits.identities };
                for (count, rank) in (1..=most).flat_map(|n| ranks.iter().map(move |r| (n, r))) {
                    for leg in legs.iter().copied() {
                        plots.push(Self { attack, count, rank: rank.clone(), purchase, followed, leg });
                    }
                }
            }
        }
        plots
    }

    /// The stage after the attack of somebody, and who they are now.
    pub(super) fn play(
        &self,
        plan: &Plan,
        stage: &Stage,
        attacker: u64,
    ) -> Result<Option<(Stage, BTreeSet<u64>)>> {
        let Some(own) = stage.actor(attacker).cloned() else { return Ok(None) };
        let highest = stage.actors.iter().map(|actor| actor.id).max().unwrap_or(0);
        let new: Vec<u64> = (highest + 1..).take(self.count).collect();
        let mut stage = stage.clone();
        let identity =
            |id: &u64| Actor { id: *id, rank: self.rank.clone(), volumes: BTreeMap::new(), ..own.clone() };
        stage.actors.extend(new.iter().map(identity));
        for name in plan.trees().keys().map(Some).chain([None]) {
            let name = name.map(String::as_str);
            let legged = name.is_some_and(|name| legged(plan, name));
            self.stand(&mut Tree { stage: &mut stage, name, legged }, attacker, &new);
        }
        let mut names = BTreeSet::from([attacker]);
        names.extend(&new);
        let all: Vec<u64> = names.iter().copied().collect();
        let buyers = match self.purchase {
            Purchase::Stays => &all[..1],
            Purchase::Moves => &all[all.len() - 1..],
            Purchase::Divides => &all[..],
            Purchase::Away => &all[1..],
        };
        let parts = u64::try_from(buyers.len()).unwrap_or(1);
        for actor in &mut stage.actors {
            if let Some(at) = buyers.iter().position(|buyer| *buyer == actor.id) {
                let at = u64::try_from(at).unwrap_or(0);
                let part = |(name, amount): (&String, &i64)| {
                    Ok((name.clone(), telescope(*amount, at, at + 1, parts)?))
                };
                actor.volumes = own.volumes.iter().map(part).collect::<Result<_>>()?;
            } else if actor.id == attacker {
                actor.volumes.clear();
            }
        }
        Ok(Some((stage, names)))
    }

    /// Puts the identities where they stand in one tree.
    fn stand(&self, tree: &mut Tree<'_>, attacker: u64, new: &[u64]) {
        let own = tree.place(attacker);
        let legged = tree.legged;
        let leg = if legged { self.leg } else { 0 };
        match self.attack {
            Attack::Above => {
                // The first takes the attacker's place, each next stands below the one before.
                let mut parent = own;
                for id in new {
                    tree.set(*id, parent);
                    parent = (*id, leg);
                }
                tree.set(attacker, parent);
            }
            Attack::Below if self.followed => {
                let moved: Vec<u64> = tree
                    .below(attacker)
                    .into_iter()
                    .filter(|(id, own)| !new.contains(id) && (!legged || *own == leg))
                    .map(|(id, _)| id)
                    .collect();
                let mut parent = attacker;
                for id in new {
                    tree.set(*id, (parent, leg));
                    parent = *id;
                }
                moved.into_iter().for_each(|id| tree.set(id, (parent, leg)));
            }
            Attack::Below => {
                let mut parent = if legged { tree.end(attacker, leg, new) } else { attacker };
                for id in new {
                    tree.set(*id, (parent, leg));
                    parent = *id;
                }
            }
            Attack::Split => {
                for (at, id) in new.iter().enumerate() {
                    // Legs are taken: beside oneself there is room at the ends of one's own legs only.
                    let leg = if at % 2 == 0 { self.leg } else { 3 - self.leg };
                    let open: Vec<u64> = new[at..].to_vec();
                    let place = if legged { (tree.end(attacker, leg, &open), leg) } else { own };
                    tree.set(*id, place);
                }
            }
        }
    }
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
        self.stage.actor(id).map_or((0, 0), |actor| self.place_of(actor))
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
