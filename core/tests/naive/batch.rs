//! A batch over a forest: each order becomes a sale with its own chain, and each sale is settled alone.

use super::plan::{entries, int, items};
use super::{Fault, Mutation, Naive, Outcome};
use fenrun::doc::Node;

/// Members with their inviters: the document `{ id, rank, facts … }` of each, and the inviter's place.
#[derive(Clone, Debug)]
pub(crate) struct Forest {
    pub(crate) members: Vec<Node>,
    pub(crate) inviter: Vec<Option<usize>>,
}

/// An order of a member: the sale document without buyer and upline.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) buyer: usize,
    pub(crate) sale: Node,
}

impl Naive {
    /// Settles every order by itself.
    pub(crate) fn settle(
        self,
        plan: &Node,
        forest: &Forest,
        orders: &[Order],
    ) -> Result<Vec<Outcome>, Fault> {
        let mut chains = Vec::new();
        orders
            .iter()
            .map(|order| {
                let chain = self.chain(forest, order.buyer, &mut chains);
                self.evaluate(plan, &self.sale(forest, order, &chain))
            })
            .collect()
    }

    /// The inviter, the inviter's inviter and so on.
    fn chain(self, forest: &Forest, buyer: usize, seen: &mut Vec<Vec<usize>>) -> Vec<usize> {
        let mut chain = Vec::new();
        let mut at = buyer;
        while let Some(inviter) = self.inviter(forest, at) {
            if chain.contains(&inviter) || inviter == buyer {
                break;
            }
            chain.push(inviter);
            at = inviter;
        }
        if self.planted(Mutation::LeavesPassedOver) {
            let invited = |member: &usize| forest.inviter.iter().filter(|up| **up == Some(*member)).count();
            chain.retain(|member| invited(member) > 1);
        }
        if self.planted(Mutation::ChainsByDepth) {
            let earlier = seen.iter().find(|other| other.len() == chain.len() && !other.contains(&buyer));
            chain = earlier.unwrap_or(&chain).clone();
            seen.push(chain.clone());
        }
        chain
    }

    fn inviter(self, forest: &Forest, member: usize) -> Option<usize> {
        let inviter = forest.inviter[member];
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
        if self.planted(Mutation::LastMemberQualifies) {
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
