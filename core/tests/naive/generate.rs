//! Random plans, sales, refunds and forests within the page, from a seed: the same seed, the same case.

mod conditions;
pub(crate) mod forests;
mod plans;
pub(crate) mod rich;
mod sales;

use plans::{flat_plan, plan};
use sales::incomplete;
pub(crate) use sales::{refunds, sale};

use super::edit::{each_line, each_rate, each_rule, round_key};
use super::plan::{entries, items};
use super::reverse::Refund;
use fenrun::doc::Node;

/// What one comparison runs on.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) plan: Node,
    pub(crate) sale: Node,
    /// Together they take everything back.
    pub(crate) refunds: Vec<Refund>,
}

impl Case {
    /// One document of all three, to make smaller ones from.
    pub(crate) fn to_node(&self) -> Node {
        let line = |(line, (units, amount)): (&String, &(i64, i64))| {
            (line.clone(), Node::List(vec![Node::Int(*units), Node::Int(*amount)]))
        };
        let refund = |refund: &Refund| Node::map(refund.iter().map(line));
        Node::map([
            ("plan", self.plan.clone()),
            ("sale", self.sale.clone()),
            ("refunds", self.refunds.iter().map(refund).collect::<Vec<_>>().into()),
        ])
    }

    /// Reads the document back, if it is still one.
    pub(crate) fn from_node(node: &Node) -> Option<Self> {
        let line = |(line, taken): (&String, &Node)| match items(Some(taken)) {
            [Node::Int(units), Node::Int(amount)] => Some((line.clone(), (*units, *amount))),
            _ => None,
        };
        let refund = |refund: &Node| entries(Some(refund)).iter().map(line).collect();
        Some(Self {
            plan: node.get("plan")?.clone(),
            sale: node.get("sale")?.clone(),
            refunds: items(node.get("refunds")).iter().map(refund).collect::<Option<_>>()?,
        })
    }
}

/// The case of a seed.
pub(crate) fn case(seed: u64) -> Case {
    let mut dice = Dice::new(seed);
    let (plan, words) = plan(&mut dice, Reach::Sale);
    let sale = sale(&mut dice, &words);
    let (plan, sale) = if dice.one_in(8) { tied(&mut dice, &words, &plan, &sale) } else { (plan, sale) };
    let refunds = refunds(&mut dice, &sale);
    let sale = if dice.one_in(10) { incomplete(&mut dice, &sale) } else { sale };
    Case { plan, sale, refunds }
}

/// Small amounts, and rates whose products are halves of a minor unit, some of them rounded together with
/// fixed amounts: where modes of rounding differ.
fn tied(dice: &mut Dice, words: &Words, plan: &Node, sale: &Node) -> (Node, Node) {
    let rates: &[&str] = if words.modest { &["5%", "2.5%", "0.5%"] } else { &["50%", "25%", "2.5%"] };
    let plan = each_rule(plan, |rule| {
        let mode = *dice.pick(&[&"half_even", &"half_odd", &"half_to_zero", &"half_away"]);
        round_key(rule, "mode", Some(mode.into()));
        if dice.one_in(2) {
            round_key(rule, "per", Some("order".into()));
        }
        for key in ["of", "pay"] {
            if let Some(value) = rule.get_mut(key) {
                each_rate(value, &mut |_| dice.pick(rates).into());
            }
        }
    });
    let sale = each_line(sale, |line| {
        for (name, value) in line.iter_mut() {
            match value {
                Node::Int(minor) if name != "units" => *minor %= 200,
                rates_of_line if name == "override" => {
                    each_rate(rates_of_line, &mut |_| dice.pick(rates).into());
                }
                _ => {}
            }
        }
        let fixed = words.rules.iter().filter(|rule| rule.kind == Kind::Levels && dice.one_in(4));
        let fixed: Vec<_> = fixed.map(|rule| (rule.id.clone(), Node::List(vec![Node::Int(1)]))).collect();
        if !fixed.is_empty() {
            line.insert("override".into(), Node::map(fixed));
        }
    });
    (plan, sale)
}

/// What a plan's sale must speak of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    pub(crate) ranks: Vec<String>,
    pub(crate) rules: Vec<RuleWords>,
    /// Whether rates stay so small that nothing need be allowed.
    pub(crate) modest: bool,
    pub(crate) reach: Reach,
}

/// What a plan's conditions may read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Facts of lines, of the sale and of people.
    #[default]
    Sale,
    /// Facts of people alone: a batch has no others.
    People,
}

/// What an override of a rule may hold.
#[derive(Clone, Debug)]
pub(crate) struct RuleWords {
    pub(crate) id: String,
    pub(crate) labels: Vec<String>,
    pub(crate) kind: Kind,
}

/// What a table holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Lists by level, of shares and integers.
    Levels,
    /// One share a row.
    Shares,
    /// One integer a row.
    Integers,
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, deterministic, good enough to choose cases.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a bound.
    pub(crate) fn below(&mut self, bound: i64) -> i64 {
        let bound = u64::try_from(bound).expect("a bound above zero");
        i64::try_from(self.next() % bound).expect("a number below the bound")
    }

    /// A number of a range, both ends included.
    pub(crate) fn between(&mut self, from: i64, to: i64) -> i64 {
        from + self.below(to - from + 1)
    }

    /// True once in so many times.
    pub(crate) fn one_in(&mut self, times: i64) -> bool {
        self.below(times) == 0
    }

    /// How many of something.
    pub(crate) fn count(&mut self, from: i64, to: i64) -> usize {
        usize::try_from(self.between(from, to)).expect("a count")
    }

    /// A place in a list of this length.
    pub(crate) fn below_count(&mut self, length: usize) -> usize {
        self.count(1, i64::try_from(length).expect("a length")) - 1
    }

    /// One of several.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.count(1, i64::try_from(of.len()).expect("few")) - 1]
    }

    /// One of several names.
    pub(crate) fn name(&mut self, of: &[String]) -> Node {
        let names: Vec<&str> = of.iter().map(String::as_str).collect();
        self.pick(&names).into()
    }

    /// Some of several, in their order.
    pub(crate) fn some<T: Clone>(&mut self, of: &[T]) -> Vec<T> {
        of.iter().filter(|_| self.one_in(2)).cloned().collect()
    }
}
