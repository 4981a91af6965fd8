//! A batch over a forest: each order becomes a sale with its own chain, and each sale is settled alone.

use super::number::big;
use super::outcome::Outcome;
use super::plan::{entries, int, items, text};
use super::{Fault, Mutation, Naive};
use fenrun::doc::Node;
use num_bigint::BigInt;
use std::collections::BTreeMap;

/// Members and who invited whom, since when.
#[derive(Clone, Debug)]
pub(crate) struct Forest {
    /// The document `{ id, rank, facts … }` of each.
    pub(crate) members: Vec<Node>,
    /// In the order they were made.
    pub(crate) edges: Vec<Edge>,
}

/// An inviter: from a date, or from the beginning.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edge {
    pub(crate) member: usize,
    pub(crate) inviter: usize,
    pub(crate) from: Option<i64>,
}

/// An order of a member: the sale document without its people.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) buyer: usize,
    pub(crate) sale: Node,
}

/// What a batch comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Settled {
    pub(crate) pool: BigInt,
    /// Sorted: in which order rows come is not defined.
    pub(crate) rows: Vec<SettledRow>,
    pub(crate) retained: BTreeMap<String, BigInt>,
}

/// A row of a batch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SettledRow {
    /// The line, counted over all orders; the first of its order when the rule rounds per order.
    pub(crate) line: usize,
    pub(crate) rule: String,
    pub(crate) level: usize,
    pub(crate) payee: String,
    pub(crate) amount: BigInt,
    /// Tells accounts and the amounts that rules run after apart.
    pub(crate) key: String,
}

impl Settled {
    fn add(&mut self, outcome: Outcome, lines: &[Node], first: usize) {
        let place = |id: &String| lines.iter().position(|line| text(line.get("id")).as_ref() == Some(id));
        self.pool += outcome.pool;
        for row in outcome.rows {
            self.rows.push(SettledRow {
                line: first + row.line.as_ref().map_or(0, |id| place(id).expect("a line of the order")),
                rule: row.rule,
                level: row.level,
                payee: row.payee,
                amount: row.amount,
                key: row.key,
            });
        }
        for (reason, amount) in outcome.retained {
            *self.retained.entry(reason).or_insert_with(|| big(0)) += amount;
        }
    }
}

impl Naive {
    /// Settles every order by itself.
    pub(crate) fn settle_each(
        self,
        plan: &Node,
        forest: &Forest,
        orders: &[Order],
    ) -> Result<Vec<Outcome>, Fault> {
        let mut chains = Vec::new();
        let one = |order: &Order| {
            let chain = self.chain(forest, order, &mut chains);
            self.evaluate(plan, &self.sale(forest, order, &chain))
        };
        orders.iter().map(one).collect()
    }

    /// Settles every order by itself and adds up.
    pub(crate) fn settle(self, plan: &Node, forest: &Forest, orders: &[Order]) -> Result<Settled, Fault> {
        let mut settled = Settled::default();
        let mut first = 0;
        for (order, outcome) in orders.iter().zip(self.settle_each(plan, forest, orders)?) {
            let lines = items(order.sale.get("lines"));
            settled.add(outcome, lines, first);
            first += lines.len();
        }
        settled.rows.sort();
        Ok(settled)
    }

    /// The inviter, the inviter's inviter and so on, as it was when the order was placed.
    fn chain(self, forest: &Forest, order: &Order, seen: &mut Vec<Vec<usize>>) -> Vec<usize> {
        let placed_at = int(order.sale.get("placed_at")).filter(|_| !self.planted(Mutation::DatesIgnored));
        let mut chain = Vec::new();
        let mut at = order.buyer;
        while let Some(inviter) = self.inviter(forest, at, placed_at) {
            if chain.contains(&inviter) || inviter == order.buyer {
                break;
            }
            chain.push(inviter);
            at = inviter;
        }
        if self.planted(Mutation::LeavesPassedOver) {
            let invited = |member: usize| forest.edges.iter().filter(|edge| edge.inviter == member).count();
            chain.retain(|member| invited(*member) > 1);
        }
        if self.planted(Mutation::ChainsByDepth) {
            let usable = |other: &&Vec<usize>| other.len() == chain.len() && !other.contains(&order.buyer);
            chain = seen.iter().find(usable).unwrap_or(&chain).clone();
            seen.push(chain.clone());
        }
        chain
    }

    fn inviter(self, forest: &Forest, member: usize, at: Option<i64>) -> Option<usize> {
        let made = |edge: &&Edge| at.is_none_or(|at| edge.from.is_none_or(|from| from <= at));
        let own = |edge: &&Edge| edge.member == member && made(edge);
        let inviter = forest.edges.iter().rfind(own).map(|edge| edge.inviter);
        let last = forest.members.len() - 1;
        match inviter {
            Some(up) if self.planted(Mutation::InviterOffByOne) && up > 0 => Some(up - 1),
            None if self.planted(Mutation::RootsBelowLast) && member != last => Some(last),
            _ => inviter,
        }
    }

    fn member(self, forest: &Forest, member: usize) -> Node {
        let mut document = entries(forest.members.get(member));
        let last = forest.members.len() - 1;
        let id = document.get("id").cloned();
        if self.planted(Mutation::NeighboursFacts) && member < last {
            document = entries(forest.members.get(member + 1));
        }
        if self.planted(Mutation::LastMembersFacts) {
            document = entries(forest.members.get(last));
        }
        if self.planted(Mutation::BestRankOfAll) && !document.contains_key("rank") {
            let best = forest.members.iter().filter_map(|member| member.get("rank")).max();
            document.extend(best.map(|rank| ("rank".to_owned(), rank.clone())));
        }
        document.extend(id.map(|id| ("id".to_owned(), id)));
        Node::Map(document)
    }

    fn sale(self, forest: &Forest, order: &Order, chain: &[usize]) -> Node {
        let mut sale = entries(Some(&order.sale));
        let upline: Vec<Node> = chain.iter().map(|member| self.member(forest, *member)).collect();
        sale.insert("buyer".into(), self.member(forest, order.buyer));
        sale.insert("upline".into(), upline.into());
        Node::Map(sale)
    }
}
