//! Reading a plan from its document. Nothing is checked: the engine refuses bad plans, this reads good ones.

use super::number::{Q, big, rate, whole};
use fenrun::doc::Node;
use num_bigint::BigInt;
use std::collections::{BTreeMap, BTreeSet};

/// A plan, as far as amounts depend on it.
#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) ranks: Vec<String>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) caps: Vec<Cap>,
    pub(crate) allowed: BTreeSet<String>,
}

/// One rule with its defaults filled in.
#[derive(Clone)]
pub(crate) struct Rule {
    pub(crate) id: String,
    pub(crate) trigger: Trigger,
    pub(crate) when: Option<Node>,
    pub(crate) of: Of,
    pub(crate) to: Vec<Stop>,
    /// One condition a level, the last for all further levels; none means everybody.
    pub(crate) qualify: Vec<Node>,
    pub(crate) unqualified: Unqualified,
    pub(crate) pay: Pay,
    pub(crate) mode: String,
    pub(crate) per: Per,
    pub(crate) min: BigInt,
    pub(crate) decimals: Option<usize>,
    pub(crate) share_of_units: bool,
    pub(crate) caps: Vec<Cap>,
    /// Accounts and their shares; nothing means all of it in cash.
    pub(crate) split: BTreeMap<String, Q>,
}

/// What makes a rule run.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Trigger {
    Sale,
    Period,
    After(String),
}

/// What is paid at most.
#[derive(Clone)]
pub(crate) struct Cap {
    /// `payee`, `rule` or `plan`.
    pub(crate) per: String,
    /// `event` or a period.
    pub(crate) every: String,
    pub(crate) limit: Written,
    pub(crate) over: String,
}

/// What a rate is taken of.
#[derive(Clone)]
pub(crate) struct Of {
    pub(crate) base: String,
    pub(crate) plus: Vec<String>,
    pub(crate) less: Vec<String>,
    pub(crate) times: Q,
}

/// Where payees are found.
#[derive(Clone)]
pub(crate) enum Stop {
    Buyer { when: Option<Node> },
    Up { tree: String, limit: usize, peers: bool, label: Option<String>, when: Option<Node> },
    Roles { roles: Vec<String>, when: Option<Node> },
    Region { kinds: Vec<String>, when: Option<Node> },
}

/// What becomes of the share of somebody who does not qualify.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unqualified {
    None,
    Retain,
    Stop,
    Compress,
    CompressByLevel,
    RollUp,
}

/// How a rule pays; some hold a rate table, by rank, label or `any`.
#[derive(Clone)]
pub(crate) enum Pay {
    Levels(Table),
    /// `levels` with `block = "rank"`.
    Endless(Table),
    Differential(Table),
    Series {
        first: Q,
        ratio: Q,
    },
    Ladder {
        by: Option<String>,
        steps: Vec<(BigInt, Q)>,
        marginal: bool,
    },
    Share {
        rate: Q,
        weights: Weights,
    },
}

/// In which proportions a pool is divided.
#[derive(Clone)]
pub(crate) enum Weights {
    Equal,
    Fact(String),
    Table(BTreeMap<String, i64>),
}

/// Rates by rank, label or `any`, then by level.
pub(crate) type Table = BTreeMap<String, Vec<Written>>;

/// A rate as the document has it.
#[derive(Clone, PartialEq)]
pub(crate) enum Written {
    /// An exact share of the base.
    Share(Q),
    /// Minor units per unit sold.
    PerUnit(BigInt),
    /// The payee's own rate: the text of this fact.
    Fact(String),
}

/// What is rounded at once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Per {
    Line,
    Unit,
    Order,
}

impl Plan {
    pub(crate) fn read(node: &Node) -> Self {
        Self {
            ranks: texts(node.get("ranks")),
            rules: items(node.get("rule")).iter().map(Rule::read).collect(),
            caps: caps(node.get("cap")),
            allowed: entries(node.get("allow")).keys().cloned().collect(),
        }
    }
}

impl Rule {
    fn read(node: &Node) -> Self {
        let round = match node.get("round") {
            Some(Node::Text(mode)) => Node::map([("mode", Node::from(mode.as_str()))]),
            Some(table) => table.clone(),
            None => Node::map::<&str>([]),
        };
        let pay = node.get("pay").expect("pay");
        Self {
            id: text(node.get("id")).expect("id"),
            trigger: match (text(node.get("after")), text(node.get("on")).as_deref()) {
                (Some(source), _) => Trigger::After(source),
                (None, None | Some("order")) => Trigger::Sale,
                (None, Some(_)) => Trigger::Period,
            },
            when: node.get("when").cloned(),
            of: Of::read(node.get("of")),
            to: match node.get("to").expect("to") {
                Node::List(stops) => stops.iter().map(Stop::read).collect(),
                stop => vec![Stop::read(stop)],
            },
            qualify: match node.get("qualify") {
                None => Vec::new(),
                Some(Node::List(conditions)) => conditions.clone(),
                Some(condition) => vec![condition.clone()],
            },
            unqualified: match text(node.get("unqualified")).as_deref() {
                None => Unqualified::None,
                Some("retain") => Unqualified::Retain,
                Some("stop") => Unqualified::Stop,
                Some("compress") => Unqualified::Compress,
                Some("compress_by_level") => Unqualified::CompressByLevel,
                Some("roll_up") => Unqualified::RollUp,
                Some(other) => panic!("unqualified = {other}"),
            },
            pay: Pay::read(pay),
            mode: text(round.get("mode")).unwrap_or_else(|| "down".into()),
            per: match text(round.get("per")).as_deref() {
                None | Some("line") => Per::Line,
                Some("unit") => Per::Unit,
                Some("order") => Per::Order,
                Some(other) => panic!("per = {other}"),
            },
            min: big(int(round.get("min")).unwrap_or(0)),
            decimals: int(round.get("rate_decimals")).map(|n| usize::try_from(n).expect("decimals")),
            share_of_units: text(node.get("reverse")).as_deref() == Some("share_of_units"),
            caps: caps(node.get("cap")),
            split: entries(node.get("split"))
                .iter()
                .map(|(to, share)| (to.clone(), share_of(share)))
                .collect(),
        }
    }
}

impl Pay {
    fn read(node: &Node) -> Self {
        if let Some(levels) = node.get("levels") {
            return match (levels.get("first"), levels.get("ratio")) {
                (Some(first), Some(ratio)) => Self::Series { first: share_of(first), ratio: share_of(ratio) },
                _ if node.get("block").is_some() => Self::Endless(table(levels)),
                _ => Self::Levels(table(levels)),
            };
        }
        if let Some(differential) = node.get("differential") {
            return Self::Differential(table(differential));
        }
        if let Some(rate) = node.get("share") {
            let weights = match node.get("weights") {
                None => Weights::Equal,
                Some(weights) => match text(weights.get("fact")) {
                    Some(fact) => Weights::Fact(fact),
                    None => {
                        let weight =
                            |(key, weight): (String, Node)| (key, int(Some(&weight)).expect("a weight"));
                        Weights::Table(entries(Some(weights)).into_iter().map(weight).collect())
                    }
                },
            };
            return Self::Share { rate: share_of(rate), weights };
        }
        let step = |step: &Node| {
            let [Node::Int(from), rate] = items(Some(step)) else { panic!("a step") };
            (big(*from), share_of(rate))
        };
        // Pairs and teams are a period's, which no sale is settled by.
        let steps = items(node.get("ladder")).iter().map(step).collect();
        Self::Ladder {
            by: text(node.get("by")),
            steps,
            marginal: node.get("marginal") == Some(&Node::Bool(true)),
        }
    }
}

fn share_of(node: &Node) -> Q {
    rate(node.as_text().expect("a share is a text"))
}

fn caps(node: Option<&Node>) -> Vec<Cap> {
    let list = match node {
        None => Vec::new(),
        Some(Node::List(caps)) => caps.clone(),
        Some(cap) => vec![cap.clone()],
    };
    let read = |cap: &Node| Cap {
        per: text(cap.get("per")).expect("per"),
        every: text(cap.get("every")).unwrap_or_else(|| "event".into()),
        limit: written(cap.get("limit").expect("limit")),
        over: text(cap.get("over")).unwrap_or_else(|| "retain".into()),
    };
    list.iter().map(read).collect()
}

impl Of {
    fn read(node: Option<&Node>) -> Self {
        let plain = |base: &str| Self { base: base.into(), plus: vec![], less: vec![], times: whole(1) };
        match node {
            None => plain("paid"),
            Some(Node::Text(base)) => plain(base),
            Some(table) => Self {
                base: text(table.get("base")).expect("base"),
                plus: texts(table.get("plus")),
                less: texts(table.get("less")),
                times: text(table.get("times")).map_or_else(|| whole(1), |times| rate(&times)),
            },
        }
    }
}

impl Stop {
    fn read(node: &Node) -> Self {
        let when = node.get("when").cloned();
        if node.as_text() == Some("self") || node.get("self").is_some() {
            Self::Buyer { when }
        } else if node.get("up").is_some() {
            let limit = int(node.get("limit")).unwrap_or(64);
            let limit = usize::try_from(limit).expect("limit");
            let peers = node.get("rank").is_some();
            Self::Up {
                tree: text(node.get("up")).expect("tree"),
                limit,
                peers,
                label: text(node.get("as")),
                when,
            }
        } else if node.get("region").is_some() {
            Self::Region { kinds: texts(node.get("region")), when }
        } else {
            Self::Roles { roles: texts(node.get("roles")), when }
        }
    }
}

/// A bare list, or a bare rate, is the `any` list; in a table a bare rate is a list of one.
pub(crate) fn table(node: &Node) -> Table {
    let list = |node: &Node| match node {
        Node::List(rates) => rates.iter().map(written).collect(),
        rate => vec![written(rate)],
    };
    match node {
        Node::Map(rows) if !rows.contains_key("fact") => {
            rows.iter().map(|(key, rates)| (key.clone(), list(rates))).collect()
        }
        rates => Table::from([("any".into(), list(rates))]),
    }
}

fn written(node: &Node) -> Written {
    match node {
        Node::Int(minor) => Written::PerUnit(big(*minor)),
        Node::Text(text) => Written::Share(rate(text)),
        fact => Written::Fact(text(fact.get("fact")).expect("the name of a fact")),
    }
}

pub(crate) fn text(node: Option<&Node>) -> Option<String> {
    node.and_then(Node::as_text).map(str::to_owned)
}

pub(crate) fn int(node: Option<&Node>) -> Option<i64> {
    match node {
        Some(Node::Int(value)) => Some(*value),
        _ => None,
    }
}

pub(crate) fn items(node: Option<&Node>) -> &[Node] {
    match node {
        Some(Node::List(items)) => items,
        _ => &[],
    }
}

pub(crate) fn texts(node: Option<&Node>) -> Vec<String> {
    items(node).iter().filter_map(Node::as_text).map(str::to_owned).collect()
}

pub(crate) fn entries(node: Option<&Node>) -> BTreeMap<String, Node> {
    match node {
        Some(Node::Map(entries)) => entries.clone(),
        _ => BTreeMap::new(),
    }
}
