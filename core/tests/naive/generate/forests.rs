//! Random forests with orders.

use super::sales::{order, person};
use super::{Dice, plan};
use crate::naive::batch::{Forest, Order};
use fenrun::doc::Node;

/// What one comparison of batches runs on.
#[derive(Clone, Debug)]
pub(crate) struct Grove {
    pub(crate) plan: Node,
    pub(crate) forest: Forest,
    pub(crate) orders: Vec<Order>,
}

/// The batch of a seed: up to forty members, up to eight orders.
pub(crate) fn grove(seed: u64) -> Grove {
    let mut dice = Dice::new(seed);
    let (plan, words) = plan(&mut dice);
    let mut forest = Forest { members: Vec::new(), inviter: Vec::new() };
    let size = dice.from_to(1, 40);
    for joined in 0..size {
        forest.members.push(person(&mut dice, &words, joined + 1));
        let root = joined == 0 || dice.one_in(6);
        // Half of them go below somebody who joined lately, so that chains get long.
        let nearest = if dice.one_in(2) { 0 } else { (joined - 3).max(0) };
        forest.inviter.push((!root).then(|| dice.count(nearest, joined.max(1) - 1)));
    }
    let orders = (0..dice.from_to(1, 8)).map(|at| {
        let mut sale = order(&mut dice, &words);
        sale.insert("id".into(), Node::Int(at + 1));
        Order { buyer: dice.count(0, size - 1), sale: Node::Map(sale) }
    });
    let orders = orders.collect();
    Grove { plan, forest, orders }
}
