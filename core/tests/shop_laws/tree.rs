//! A category tree against a naive one that knows every descendant.

use crate::Dice;
use crate::laws::{Bearing, Law, Verdict, need};
use fenrun::id::{CategoryId, ProductId};
use fenrun::money::Currency;
use fenrun::trade::catalog::{Catalog, Category, Change, Product};
use std::collections::{BTreeMap, BTreeSet};

const IDS: u64 = 7;

#[derive(Clone, Copy, Debug)]
enum Step {
    Add(u64, Option<u64>),
    Move(u64, Option<u64>),
    Remove(u64, Option<u64>),
    /// The one product stands in this category.
    Product(u64),
}

/// Parents by category, and where the product stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Shown {
    parents: BTreeMap<u64, Option<u64>>,
    product: Option<u64>,
}

trait Trees {
    /// What stands after each step, and whether it was accepted.
    fn run(&self, steps: &[Step]) -> Vec<(bool, Shown)>;
}

struct Engine;

impl Trees for Engine {
    fn run(&self, steps: &[Step]) -> Vec<(bool, Shown)> {
        let id = |id: u64| CategoryId::from(id + 1);
        let number = |id: &CategoryId| id.as_str().parse::<u64>().unwrap() - 1;
        let mut catalog = Catalog::new(Currency::CNY);
        let mut run = |step: &Step| {
            let before = catalog.clone();
            let change = match *step {
                Step::Add(new, parent) => Change::AddCategory {
                    id: id(new),
                    category: Category { name: "c".into(), parent: parent.map(id) },
                },
                Step::Move(moved, parent) => Change::MoveCategory { id: id(moved), parent: parent.map(id) },
                Step::Remove(gone, to) => Change::RemoveCategory { id: id(gone), move_to: to.map(id) },
                Step::Product(at) => {
                    let categories = BTreeSet::from([id(at)]);
                    Change::PutProduct(Product { categories, ..Product::new(ProductId::from(1), "p") })
                }
            };
            let accepted = catalog.apply(&change).is_ok();
            assert!(accepted || catalog == before, "a refused change changed something");
            let parents = catalog.categories().iter();
            let parents = parents.map(|(id, category)| (number(id), category.parent.as_ref().map(number)));
            let product =
                catalog.products().next().and_then(|product| product.categories.first().map(number));
            (accepted, Shown { parents: parents.collect(), product })
        };
        steps.iter().map(&mut run).collect()
    }
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    SeesOnlyItself,
    SeesOnlyTheParent,
    NeverMoves,
    TakesUnknownParents,
    RemovesWithChildren,
    LosesProducts,
    KeepsProductsThere,
}

/// A tree written anew: below whom everybody stands is found by closing the relation.
struct Naive(Option<Fault>);

impl Naive {
    fn is(&self, fault: Fault) -> bool {
        self.0.is_some_and(|planted| std::mem::discriminant(&planted) == std::mem::discriminant(&fault))
    }

    fn below(tree: &Shown, top: u64) -> BTreeSet<u64> {
        let mut below = BTreeSet::from([top]);
        loop {
            let more = tree.parents.iter().filter(|(_, parent)| parent.is_some_and(|at| below.contains(&at)));
            let more: BTreeSet<u64> = more.map(|(id, _)| *id).collect();
            if more.is_subset(&below) {
                return below;
            }
            below.extend(more);
        }
    }

    fn step(&self, tree: &mut Shown, step: Step) -> bool {
        let known = |tree: &Shown, id: u64| tree.parents.contains_key(&id);
        match step {
            Step::Add(id, parent) => {
                let fits = parent.is_none_or(|at| known(tree, at) || self.is(Fault::TakesUnknownParents));
                let fits = fits && !known(tree, id);
                if fits {
                    tree.parents.insert(id, parent);
                }
                fits
            }
            Step::Move(id, parent) => {
                let clear = |at: u64| match self.0 {
                    Some(Fault::SeesOnlyItself) => at != id,
                    Some(Fault::SeesOnlyTheParent) => at != id && tree.parents[&at] != Some(id),
                    _ => !Self::below(tree, id).contains(&at),
                };
                let fits = known(tree, id) && parent.is_none_or(|at| known(tree, at) && clear(at));
                if fits && !self.is(Fault::NeverMoves) {
                    tree.parents.insert(id, parent);
                }
                fits
            }
            Step::Remove(id, to) => {
                let children = tree.parents.values().any(|parent| *parent == Some(id));
                let holds = tree.product == Some(id);
                let placed = match to {
                    Some(to) => to != id && known(tree, to),
                    None => !holds || self.is(Fault::LosesProducts),
                };
                let fits = known(tree, id) && placed && (!children || self.is(Fault::RemovesWithChildren));
                if fits {
                    tree.parents.remove(&id);
                    if holds && !self.is(Fault::KeepsProductsThere) {
                        tree.product = to;
                    }
                }
                fits
            }
            Step::Product(at) => {
                let fits = known(tree, at);
                if fits {
                    tree.product = Some(at);
                }
                fits
            }
        }
    }
}

impl Trees for Naive {
    fn run(&self, steps: &[Step]) -> Vec<(bool, Shown)> {
        let mut tree = Shown::default();
        let mut run = |step: &Step| (self.step(&mut tree, *step), tree.clone());
        steps.iter().map(&mut run).collect()
    }
}

fn steps(seed: u64) -> Vec<Step> {
    let mut dice = Dice::new(seed);
    let mut steps = Vec::new();
    for _ in 0..40 {
        let id = dice.below(IDS);
        let other = Some(dice.below(IDS)).filter(|_| !dice.one_in(5));
        steps.push(match dice.below(10) {
            0..4 => Step::Add(id, other),
            4..7 => Step::Move(id, other),
            7..9 => Step::Remove(id, other.filter(|_| dice.one_in(2))),
            _ => Step::Product(id),
        });
    }
    steps
}

fn same(trees: &dyn Trees, seed: u64) -> Verdict {
    let steps = steps(seed);
    let (got, wanted) = (trees.run(&steps), Naive(None).run(&steps));
    for ((step, got), wanted) in steps.iter().zip(&got).zip(&wanted) {
        need(got == wanted, || format!("{step:?}: {got:?}, not {wanted:?}"))?;
    }
    let cycles = wanted.windows(2).zip(&steps[1..]).any(|(pair, step)| {
        matches!(step, Step::Move(id, Some(at)) if !pair[1].0 && pair[0].1.parents.contains_key(id) && pair[0].1.parents.contains_key(at))
    });
    Ok(if cycles { Bearing::Tested } else { Bearing::Beside })
}

#[test]
fn no_category_stands_below_itself() {
    use Fault::{
        KeepsProductsThere, LosesProducts, NeverMoves, RemovesWithChildren, SeesOnlyItself,
        SeesOnlyTheParent, TakesUnknownParents,
    };
    let law = Law::<dyn Trees, Fault> {
        name: "category tree",
        holds: same,
        suspects: &[
            SeesOnlyItself,
            SeesOnlyTheParent,
            NeverMoves,
            TakesUnknownParents,
            RemovesWithChildren,
            LosesProducts,
            KeepsProductsThere,
        ],
    };
    law.prove(&[("the engine", &Engine)], |fault| Box::new(Naive(Some(fault))));
}

/// Depth is no danger: a chain of any length is walked, not recursed into.
#[test]
fn a_long_chain_refuses_its_cycle() {
    let mut catalog = Catalog::new(Currency::CNY);
    let length = 20_000_u64;
    for id in 1..=length {
        let parent = (id > 1).then(|| CategoryId::from(id - 1));
        let category = Category { name: "c".into(), parent };
        catalog.apply(&Change::AddCategory { id: id.into(), category }).unwrap();
    }
    let cycle = Change::MoveCategory { id: 1.into(), parent: Some(length.into()) };
    assert_eq!(catalog.apply(&cycle).unwrap_err().code(), fenrun::Code::CategoryCycle);
    assert_eq!(catalog.categories().path(&CategoryId::from(length)).count(), 20_000);
    assert_eq!(Catalog::from_node(&catalog.to_node()).unwrap(), catalog);
}
