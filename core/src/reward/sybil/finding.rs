//! What attacks gain at most, and how.

use super::attack::{Attack, Identity};
use super::division::{Bought, Purchase};
use crate::doc::Node;
use crate::error::{Error, Result};
use crate::id::{MemberId, OrderId};
use crate::money::narrow;
use crate::reward::plan::{Period, Plan};
use std::collections::{BTreeMap, BTreeSet};

/// How the largest gain was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// What was done.
    pub attack: Attack,
    /// By whom.
    pub attacker: MemberId,
    /// The false identities: on the path of a sale from the lowest up, in a period those above from the top,
    /// then the others.
    pub identities: Vec<Identity>,
    /// Into how many parts the sale was split, or how many people buy anything.
    pub parts: usize,
    /// Whether those below the attacker follow the last identity, in trees with legs those on the leg of the first
    /// one below; `None` for a sale.
    pub followed: Option<bool>,
    /// To which sale; `None` for a period.
    pub sale: Option<OrderId>,
    /// What became of the attacker's own purchases; `None` for a sale.
    pub purchase: Option<Purchase>,
    /// What each buys, the attacker first, then the identities; empty for a sale.
    pub bought: Vec<BTreeMap<String, i64>>,
    /// What they get honestly, in minor units.
    pub honest: i64,
    /// What they and their identities get.
    pub attacked: i64,
}

/// What one kind of attack gains under one rule at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule; `None` for all rules together, those of sales or those of one length of period.
    pub rule: Option<String>,
    /// When it closes; `None` for rules of sales.
    pub period: Option<Period>,
    /// The attack.
    pub attack: Attack,
    /// What is gained, in minor units; 0 where nothing is.
    pub gain: i64,
    /// How, where something is.
    pub witness: Option<Witness>,
}

/// Amounts by the rule's place in the plan, those of all rules together last. Each fits 64 bits, sums of many sales
/// and periods may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Income(Vec<i128>);

impl Income {
    pub(super) fn nothing(plan: &Plan) -> Self {
        Self(vec![0; plan.rules().len() + 1])
    }

    /// Adds what a rule pays.
    pub(super) fn add(&mut self, rule: usize, amount: i64) {
        let last = self.0.len() - 1;
        self.0[rule] += i128::from(amount);
        self.0[last] += i128::from(amount);
    }

    pub(super) fn plus(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(own, more)| *own += more);
    }

    /// The larger of each.
    pub(super) fn raise(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(own, other)| *own = (*own).max(*other));
    }
}

/// The largest gains so far, by the place of the rule and the attack.
#[derive(Default)]
pub(super) struct Found(BTreeMap<(usize, Attack), Witness>);

impl Found {
    /// Takes note of an attack whose witness lacks its amounts.
    ///
    /// # Errors
    /// [`Code::Overflow`](crate::Code::Overflow) for an income that does not fit.
    pub(super) fn note(
        &mut self,
        honest: &Income,
        attacked: &Income,
        tried: impl Fn() -> Witness,
    ) -> Result<()> {
        let fits = |income: i128| narrow(income, || "what an attacker gets".into()).map_err(Error::from);
        for (at, (honest, attacked)) in honest.0.iter().zip(&attacked.0).enumerate() {
            if attacked <= honest {
                continue;
            }
            let found = Witness { honest: fits(*honest)?, attacked: fits(*attacked)?, ..tried() };
            let best = self.0.get(&(at, found.attack));
            if best.is_none_or(|best| best.attacked - best.honest < found.attacked - found.honest) {
                self.0.insert((at, found.attack), found);
            }
        }
        Ok(())
    }

    /// The largest gain of each attack under each of these rules, and under all of them.
    pub(super) fn findings(
        mut self,
        plan: &Plan,
        rules: &BTreeSet<usize>,
        period: Option<Period>,
    ) -> Vec<Finding> {
        let all = plan.rules().len();
        let places = rules.iter().copied().chain([all]);
        let each = places.flat_map(|at| Attack::ALL.iter().map(move |attack| (at, *attack)));
        let finding = |(at, attack): (usize, Attack)| {
            let witness = self.0.remove(&(at, attack));
            let gain = witness.as_ref().map_or(0, |witness| witness.attacked - witness.honest);
            Finding { rule: plan.rules().get(at).map(|rule| rule.id.clone()), period, attack, gain, witness }
        };
        each.map(finding).collect()
    }
}

impl Witness {
    fn to_node(&self) -> Node {
        let identity = |identity: &Identity| {
            Node::map([
                ("place", Node::from(identity.place.name())),
                ("rank", identity.rank.as_deref().into()),
                ("leg", identity.leg.map(i64::from).into()),
            ])
        };
        let bought = |bought: &Bought| {
            Node::map(bought.iter().map(|(name, amount)| (name.as_str(), Node::Int(*amount))))
        };
        Node::map([
            ("attacker", Node::from(&self.attacker)),
            ("identities", Node::List(self.identities.iter().map(identity).collect())),
            ("parts", Node::Int(i64::try_from(self.parts).unwrap_or(i64::MAX))),
            ("followed", self.followed.map_or(Node::Null, Node::Bool)),
            ("sale", self.sale.as_ref().map_or(Node::Null, Node::from)),
            ("purchase", self.purchase.map(Purchase::name).into()),
            ("bought", Node::List(self.bought.iter().map(bought).collect())),
            ("honest", self.honest.into()),
            ("attacked", self.attacked.into()),
        ])
    }
}

impl Finding {
    /// The document of the finding.
    #[must_use]
    pub fn to_node(&self) -> Node {
        Node::map([
            ("rule", Node::from(self.rule.as_deref())),
            ("period", self.period.map(Period::name).into()),
            ("attack", self.attack.name().into()),
            ("gain", self.gain.into()),
            ("witness", self.witness.as_ref().map(Witness::to_node).into()),
        ])
    }
}
