//! One close of a period as plain data, and the documents the engine reads of it.

use fenrun::doc::{self, Node};
use std::collections::BTreeMap;

/// What the interpreter computes and the engine is asked.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// What is closed.
    pub(crate) day: &'static str,
    pub(crate) rules: Vec<Rule>,
    pub(crate) plan_caps: Vec<Cap>,
    pub(crate) members: Vec<Member>,
    pub(crate) sales: Vec<Sale>,
    /// Of sales of this very period.
    pub(crate) refunds: Vec<Sale>,
    /// Legs that wait: rule, member, left, right.
    pub(crate) waiting: Vec<(String, u64, i64, i64)>,
    /// What the month let through so far: rule or nothing, payee or 0.
    pub(crate) used: Vec<(String, u64, i64)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) id: u64,
    /// 0 for nobody.
    pub(crate) inviter: u64,
    /// From 1; 0 for none.
    pub(crate) rank: usize,
    pub(crate) active: bool,
    pub(crate) points: i64,
    /// In the tree `placement`.
    pub(crate) parent: u64,
    pub(crate) leg: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct Sale {
    pub(crate) member: u64,
    pub(crate) pv: i64,
    pub(crate) bv: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) id: String,
    /// The rule it runs after.
    pub(crate) after: Option<String>,
    /// `pv`, `bv` or `income`.
    pub(crate) of: &'static str,
    /// The least own `pv` of a source.
    pub(crate) least: Option<i64>,
    /// Whether payees must be active, and what happens otherwise.
    pub(crate) unqualified: Option<&'static str>,
    pub(crate) pay: Pay,
    pub(crate) mode: &'static str,
    /// Rates are first rounded to so many decimals, 1 to 3.
    pub(crate) decimals: Option<u32>,
    pub(crate) min: i64,
    pub(crate) caps: Vec<Cap>,
    /// The per cent that goes to `cash`; the rest to `shop`.
    pub(crate) cash: Option<i64>,
}

/// Rates are in basis points.
#[derive(Clone, Debug)]
pub(crate) enum Pay {
    Levels {
        tree: &'static str,
        limit: i64,
        rates: Vec<i64>,
    },
    /// By rank from 1.
    Differential {
        rates: Vec<i64>,
    },
    Own {
        by: Option<&'static str>,
        steps: Vec<(i64, i64)>,
        marginal: bool,
    },
    Team {
        tree: &'static str,
        by: Option<&'static str>,
        steps: Vec<(i64, i64)>,
        marginal: bool,
    },
    Lottery {
        parts: Vec<i64>,
    },
    /// Strong, weak and rate.
    Pairing {
        ratios: Vec<(i64, i64, i64)>,
        unit: i64,
        flush: bool,
    },
    Share {
        rate: i64,
        weights: Weights,
    },
}

#[derive(Clone, Debug)]
pub(crate) enum Weights {
    Equal,
    Points,
    /// By rank from 1.
    Ranks(Vec<i64>),
}

#[derive(Clone, Debug)]
pub(crate) struct Cap {
    pub(crate) per: &'static str,
    /// `event`, `day` or `month`.
    pub(crate) every: &'static str,
    pub(crate) limit: i64,
    pub(crate) over: &'static str,
}

pub(crate) const RANKS: [&str; 3] = ["V1", "V2", "V3"];
/// The day that is closed, the one after, and their month.
pub(crate) const DAY: &str = "day/2026-11-02";
pub(crate) const NEXT_DAY: &str = "day/2026-11-03";
pub(crate) const MONTH: &str = "month/2026-11-01";

fn bp(rate: i64) -> Node {
    Node::from(format!("{rate}bp"))
}

fn list<T>(items: impl IntoIterator<Item = T>, node: impl Fn(T) -> Node) -> Node {
    Node::List(items.into_iter().map(node).collect())
}

fn cap(cap: &Cap) -> Node {
    Node::map([
        ("per", Node::from(cap.per)),
        ("every", cap.every.into()),
        ("limit", cap.limit.into()),
        ("over", cap.over.into()),
    ])
}

impl Pay {
    /// Every rate.
    pub(crate) fn rates(&mut self) -> Vec<&mut i64> {
        match self {
            Self::Levels { rates, .. } | Self::Differential { rates } | Self::Lottery { parts: rates } => {
                rates.iter_mut().collect()
            }
            Self::Own { steps, .. } | Self::Team { steps, .. } => {
                steps.iter_mut().map(|(_, rate)| rate).collect()
            }
            Self::Pairing { ratios, .. } => ratios.iter_mut().map(|(.., rate)| rate).collect(),
            Self::Share { rate, .. } => vec![rate],
        }
    }

    fn to_node(&self) -> (Node, Node) {
        let steps =
            |steps: &[(i64, i64)]| list(steps, |(from, rate)| Node::List(vec![Node::Int(*from), bp(*rate)]));
        let itself = || Node::from("self");
        match self {
            Self::Levels { tree, limit, rates } => {
                let to = Node::map([("up", Node::from(*tree)), ("limit", Node::Int(*limit))]);
                (to, Node::map([("levels", list(rates, |rate| bp(*rate)))]))
            }
            Self::Differential { rates } => {
                let table = RANKS.iter().zip(rates).map(|(rank, rate)| (*rank, bp(*rate)));
                (Node::map([("up", Node::from("referral"))]), Node::map([("differential", Node::map(table))]))
            }
            Self::Own { by, steps: list, marginal } => {
                let pay = [
                    ("ladder", steps(list)),
                    ("by", by.map_or(Node::Null, Node::from)),
                    ("marginal", (*marginal).into()),
                ];
                (itself(), Node::map(pay))
            }
            Self::Team { tree, by, steps: list, marginal } => {
                let pay = [
                    ("ladder", steps(list)),
                    ("by", by.map_or(Node::Null, Node::from)),
                    ("marginal", (*marginal).into()),
                    ("span", "team".into()),
                    ("tree", (*tree).into()),
                ];
                (itself(), Node::map(pay))
            }
            Self::Lottery { parts } => {
                let ladder = Node::map([("polynomial", list(parts, |part| bp(*part)))]);
                (itself(), Node::map([("ladder", ladder), ("span", "team".into())]))
            }
            Self::Pairing { ratios, unit, flush } => {
                let table = ratios.iter().map(|(strong, weak, rate)| (format!("{strong}:{weak}"), bp(*rate)));
                let pay = [
                    ("pairing", Node::map(table)),
                    ("tree", "placement".into()),
                    ("unit", (*unit).into()),
                    ("unmatched", if *flush { "flush" } else { "carry" }.into()),
                ];
                (itself(), Node::map(pay))
            }
            Self::Share { rate, weights } => {
                let class = Node::map([("class", Node::map([("rank", list(RANKS, Node::from))]))]);
                let weights = match weights {
                    Weights::Equal => Node::Null,
                    Weights::Points => Node::map([("fact", Node::from("points"))]),
                    Weights::Ranks(weights) => {
                        Node::map(RANKS.iter().zip(weights).map(|(rank, weight)| (*rank, Node::Int(*weight))))
                    }
                };
                (class, Node::map([("share", bp(*rate)), ("weights", weights)]))
            }
        }
    }
}

impl Rule {
    fn to_node(&self) -> Node {
        let (to, pay) = self.pay.to_node();
        let mut entries =
            vec![("id", Node::from(self.id.as_str())), ("of", self.of.into()), ("to", to), ("pay", pay)];
        match &self.after {
            Some(after) => entries.push(("after", after.as_str().into())),
            None => entries.push(("on", "day".into())),
        }
        if let Some(least) = self.least {
            let least = Node::map([("min", Node::Int(least))]);
            entries.push(("when", Node::map([("own_pv", least)])));
        }
        if let Some(unqualified) = self.unqualified {
            entries.push(("qualify", Node::map([("active", Node::Bool(true))])));
            entries.push(("unqualified", unqualified.into()));
        }
        let mut round = vec![("mode", Node::from(self.mode)), ("min", Node::Int(self.min))];
        round.extend(self.decimals.map(|decimals| ("rate_decimals", i64::from(decimals).into())));
        entries.push(("round", Node::map(round)));
        entries.push(("cap", list(&self.caps, cap)));
        if let Some(cash) = self.cash {
            let split = [("cash", format!("{cash}%").into()), ("shop", format!("{}%", 100 - cash).into())];
            entries.push(("split", Node::map::<&str>(split)));
        }
        Node::map(entries)
    }
}

impl Case {
    pub(crate) fn plan(&self) -> Node {
        let allowed = self.rules.iter().map(|rule| rule.id.as_str()).chain(["plan"]);
        Node::map([
            ("schema", Node::from("fenrun.plan/1")),
            ("name", "a case".into()),
            ("currency", "CNY".into()),
            ("ranks", list(RANKS, Node::from)),
            ("tree", Node::map([("placement", Node::map([("fill", Node::map([("width", Node::Int(2))]))]))])),
            ("cap", list(&self.plan_caps, cap)),
            ("allow", Node::map(allowed.map(|id| (id, Node::from("a test"))))),
            ("rule", list(&self.rules, Rule::to_node)),
        ])
    }

    pub(crate) fn input(&self) -> Node {
        let member = |member: &Member| {
            let rank = member.rank.checked_sub(1).map(|at| RANKS[at]);
            Node::map([
                ("id", Node::from(id(member.id))),
                ("inviter", id(member.inviter).into()),
                ("rank", rank.into()),
                ("active", member.active.into()),
                ("points", member.points.into()),
            ])
        };
        let place = |member: &Member| {
            Node::List(vec![id(member.id).into(), id(member.parent).into(), Node::Int(member.leg)])
        };
        let mut entries = vec![
            ("period", Node::from(self.day)),
            ("tenant", "shop".into()),
            ("members", list(&self.members, member)),
            ("trees", Node::map([("placement", list(&self.members, place))])),
            ("volumes", list(&self.sales, Sale::to_node)),
            ("refunds", list(&self.refunds, Sale::to_node)),
        ];
        if !(self.waiting.is_empty() && self.used.is_empty()) {
            entries.push(("carry", self.carry()));
        }
        Node::map(entries)
    }

    /// The carry as its page describes it.
    fn carry(&self) -> Node {
        let mut waiting = self.waiting.clone();
        waiting.sort();
        let legs = |(rule, member, left, right): &(String, u64, i64, i64)| {
            Node::map([
                ("rule", Node::from(rule.as_str())),
                ("member", id(*member).into()),
                ("left", (*left).into()),
                ("right", (*right).into()),
            ])
        };
        let used = |(rule, payee, amount): &(String, u64, i64)| {
            Node::map([
                ("rule", Node::from(rule.as_str())),
                ("payee", id(*payee).into()),
                ("window", MONTH.into()),
                ("amount", (*amount).into()),
            ])
        };
        let body = Node::map([
            ("closed", Node::List(vec!["day/2026-11-01".into()])),
            ("legs", list(&waiting, legs)),
            ("used", list(&self.used, used)),
        ]);
        signed(body)
    }

    /// The same people on the day after, who sell nothing.
    pub(crate) fn day_after(&self) -> Self {
        let (sales, refunds, waiting, used) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { day: NEXT_DAY, sales, refunds, waiting, used, ..self.clone() }
    }

    /// The same period with every volume, step, unit, threshold and limit so many times as large.
    pub(crate) fn times(&self, times: i64) -> Self {
        let mut case = self.clone();
        for sale in case.sales.iter_mut().chain(&mut case.refunds) {
            (sale.pv, sale.bv) = (sale.pv * times, sale.bv * times);
        }
        for (.., left, right) in &mut case.waiting {
            (*left, *right) = (*left * times, *right * times);
        }
        case.used.iter_mut().for_each(|(.., amount)| *amount *= times);
        case.plan_caps.iter_mut().for_each(|cap| cap.limit *= times);
        for rule in &mut case.rules {
            rule.least = rule.least.map(|least| least * times);
            rule.caps.iter_mut().for_each(|cap| cap.limit *= times);
            match &mut rule.pay {
                Pay::Own { steps, .. } | Pay::Team { steps, .. } => {
                    steps.iter_mut().for_each(|(from, _)| *from *= times);
                }
                Pay::Pairing { unit, .. } => *unit *= times,
                Pay::Levels { .. } | Pay::Differential { .. } | Pay::Lottery { .. } | Pay::Share { .. } => {}
            }
        }
        case
    }

    /// The own volumes of everybody, refunds taken off.
    pub(crate) fn volumes(&self) -> BTreeMap<u64, (i64, i64)> {
        let mut volumes: BTreeMap<u64, (i64, i64)> = BTreeMap::new();
        for (sales, sign) in [(&self.sales, 1), (&self.refunds, -1)] {
            for sale in sales {
                let (pv, bv) = volumes.entry(sale.member).or_default();
                (*pv, *bv) = (*pv + sign * sale.pv, *bv + sign * sale.bv);
            }
        }
        volumes
    }
}

impl Sale {
    pub(crate) fn to_node(&self) -> Node {
        Node::map([("member", Node::from(id(self.member))), ("pv", self.pv.into()), ("bv", self.bv.into())])
    }
}

pub(crate) fn id(number: u64) -> String {
    number.to_string()
}

/// A body with its checksum.
pub(crate) fn signed(body: Node) -> Node {
    let sum = doc::short_hash(&[&body.to_json()]);
    Node::map([("carry", Node::Int(0)), ("sum", sum.into()), ("body", body)])
}
