//! Who stands where when a period closes: the referral forest and the other trees of a plan, frozen.

use super::tree::Tree;
use super::who::Who;
use crate::doc::Node;
use crate::error::{Code, Error, Result};
use crate::id::MemberId;
use crate::reward::plan::REFERRAL;
use crate::reward::referral::{Forest, MemberIx, Spot};
use crate::sale::Person;
use crate::words::counted;
use std::collections::{BTreeMap, BTreeSet};

/// The members of a plan at the close of a period, with their ranks, facts and places.
#[derive(Clone, Debug)]
pub struct Snapshot {
    forest: Forest,
    referral: Tree,
    trees: BTreeMap<String, (Tree, Vec<u32>)>,
    /// In a forest of texts, the place of each slot in the order of ids: its numbers stand in no order that means
    /// anything.
    places: Vec<u64>,
}

impl Snapshot {
    /// The members of a forest as they stand now.
    ///
    /// # Errors
    /// None but those of a forest that contradicts itself.
    pub fn new(forest: Forest) -> Result<Self> {
        let referral = Tree::new(REFERRAL, forest.parents().to_vec())?;
        let places = if forest.has_texts() { places(&forest) } else { Vec::new() };
        Ok(Self { forest, referral, trees: BTreeMap::new(), places })
    }

    /// Adds a tree of the plan: a place per member, in join order.
    ///
    /// # Errors
    /// [`Code::LengthMismatch`], [`Code::UnknownMember`], [`Code::Cycle`]; [`Code::InvalidValue`] where two
    /// members stand on one leg.
    pub fn with_tree(mut self, name: &str, spots: &[Spot]) -> Result<Self> {
        if spots.len() != self.forest.len() {
            let error = format!(
                "tree `{name}`: {} for {}",
                counted(spots.len(), "place"),
                counted(self.forest.len(), "member")
            );
            return Err(Error::new(Code::LengthMismatch, error));
        }
        let mut taken = BTreeSet::new();
        for spot in spots {
            if spot.parent.index() > self.forest.len() {
                let error = format!("tree `{name}`: nobody has the handle {}", spot.parent.get());
                return Err(Error::new(Code::UnknownMember, error));
            }
            if spot.leg > 0 && !taken.insert((spot.parent, spot.leg)) {
                let parent = self.forest.name(spot.parent);
                let error = format!("tree `{name}`: two members stand on leg {} of {parent}", spot.leg);
                return Err(Error::new(Code::InvalidValue, error));
            }
        }
        let nobody = [0].into_iter();
        let parents = nobody.chain(spots.iter().map(|spot| spot.parent.get())).collect();
        let legs = [0].into_iter().chain(spots.iter().map(|spot| spot.leg)).collect();
        self.trees.insert(name.to_owned(), (Tree::new(name, parents)?, legs));
        Ok(self)
    }

    /// The forest.
    #[must_use]
    pub const fn forest(&self) -> &Forest {
        &self.forest
    }

    /// The same places with other ranks, by the plan's `ranks`; 0 is none.
    ///
    /// # Errors
    /// As [`Forest::set_ranks`].
    pub fn with_ranks(mut self, names: &[String], codes: Vec<u8>) -> Result<Self> {
        self.forest.set_ranks(names, codes)?;
        Ok(self)
    }

    /// The number of slots of a column: all members, and nobody at 0.
    pub(super) fn len(&self) -> usize {
        self.forest.len() + 1
    }

    /// Where a member stands in the order of ids.
    pub(super) fn place(&self, at: usize) -> u64 {
        self.places.get(at).copied().unwrap_or_else(|| self.forest.id(ix(at)))
    }

    /// The id of a member as the host writes it.
    pub(super) fn member(&self, at: usize) -> MemberId {
        self.forest.person_id(ix(at))
    }

    pub(super) fn slot(&self, member: &MemberId) -> Result<usize> {
        self.forest.named(member.as_str()).map(MemberIx::index)
    }

    pub(super) fn tree(&self, name: &str) -> Result<&Tree> {
        if name == REFERRAL {
            return Ok(&self.referral);
        }
        self.trees.get(name).map(|(tree, _)| tree).ok_or_else(|| missing(name))
    }

    /// The leg each member stands on in a tree that is not the referral one.
    pub(super) fn legs(&self, name: &str) -> Result<&[u32]> {
        self.trees.get(name).map(|(_, legs)| legs.as_slice()).ok_or_else(|| missing(name))
    }

    /// All members with the facts of these names; a column of facts that were derived comes in `more`.
    pub(super) fn people(&self, names: &BTreeSet<&str>, more: &BTreeMap<String, Vec<i64>>) -> Vec<Person> {
        let person = |at: usize| {
            let stated =
                names.iter().filter_map(|name| Some(((*name).to_owned(), self.forest.fact(ix(at), name)?)));
            let derived = more.iter().map(|(name, column)| (name.clone(), Node::Int(column[at])));
            Person {
                id: self.member(at),
                rank: self.forest.rank(ix(at)).map(str::to_owned),
                facts: derived.chain(stated).collect(),
            }
        };
        (0..self.len()).map(person).collect()
    }
}

fn places(forest: &Forest) -> Vec<u64> {
    let mut sorted: Vec<(Who, usize)> =
        forest.members().map(|ix| (Who::new(forest.person_id(ix)), ix.index())).collect();
    sorted.sort_unstable();
    let mut places = vec![0; sorted.len() + 1];
    for (place, (_, at)) in (1..).zip(sorted) {
        places[at] = place;
    }
    places
}

pub(super) fn ix(at: usize) -> MemberIx {
    MemberIx::new(u32::try_from(at).unwrap_or(u32::MAX))
}

fn missing(name: &str) -> Error {
    Error::new(Code::InvalidValue, format!("the snapshot has no tree `{name}`, which the plan walks"))
}
