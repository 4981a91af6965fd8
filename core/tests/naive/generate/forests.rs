//! Random forests with orders, within what the columns of a batch can carry.

use super::rich::chained_plan;
use super::sales::{batch_order, person};
use super::{Dice, Reach, flat_plan, plan};
use crate::naive::batch::{Edge, Forest, Order};
use fenrun::doc::Node;

/// What one comparison of batches runs on.
#[derive(Clone, Debug)]
pub(crate) struct Grove {
    pub(crate) plan: Node,
    pub(crate) forest: Forest,
    pub(crate) orders: Vec<Order>,
}

/// The batch of a seed: up to forty members, some of whom moved, and up to twelve orders.
pub(crate) fn grove(seed: u64) -> Grove {
    let mut dice = Dice::new(seed);
    // Every other plan is one that a kernel for flat levels may take; some have chains and accounts.
    let flat = dice.one_in(2);
    let (plan, words) = match (flat, dice.one_in(3)) {
        (true, _) => flat_plan(&mut dice),
        (false, false) => plan(&mut dice, Reach::People),
        (false, true) => chained_plan(&mut dice),
    };
    let size = dice.between(1, 40);
    let members = (1..=size).map(|id| person(&mut dice, &words, id)).collect();
    let edges = edges(&mut dice, size);
    let count = dice.between(1, 12);
    let orders = (1..=count).map(|id| {
        let overrides = !flat || dice.one_in(8);
        let sale = batch_order(&mut dice, &words, id, overrides);
        Order { buyer: dice.count(0, size - 1), sale }
    });
    let orders = orders.collect();
    Grove { plan, forest: Forest { members, edges }, orders }
}

/// Everybody below somebody who joined before, so that no moment has a cycle. Dates rise from 0 to 99.
fn edges(dice: &mut Dice, size: i64) -> Vec<Edge> {
    let mut edges = Vec::new();
    let dated = dice.one_in(2);
    let mut today = 0;
    let mut edge = |dice: &mut Dice, member: i64| {
        // Half of them go below somebody who joined lately, so that chains get long.
        let nearest = if dice.one_in(2) { 0 } else { (member - 3).max(0) };
        let inviter = dice.count(nearest, member - 1);
        let from = (dated && dice.one_in(2)).then(|| {
            today = (today + dice.below(4)).min(99);
            today
        });
        Edge { member: usize::try_from(member).expect("a member"), inviter, from }
    };
    for member in 1..size {
        if !dice.one_in(6) {
            let joined = edge(dice, member);
            edges.push(joined);
        }
    }
    for _ in 0..dice.count(0, 5) {
        let member = dice.between(1, (size - 1).max(1));
        let moved = edge(dice, member);
        if dated && size > 1 {
            edges.extend(moved.from.map(|_| moved));
        }
    }
    edges
}
