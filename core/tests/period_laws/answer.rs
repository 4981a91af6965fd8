//! What a close came to, in the form both sides are compared in.

use crate::number::big;
use fenrun::doc::Node;
use num_bigint::BigInt;
use std::collections::BTreeMap;

pub(crate) type Legs = (i64, i64);

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Answer {
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) pairs: Vec<Paired>,
    /// Legs that wait, by rule and member.
    pub(crate) waiting: BTreeMap<(String, u64), Legs>,
    /// What the month let through, by rule and payee.
    pub(crate) used: BTreeMap<(String, u64), BigInt>,
    /// By rule, payee and account.
    pub(crate) adjustments: Vec<BTreeMap<(String, u64, String), BigInt>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) rule: String,
    pub(crate) pool: BigInt,
    pub(crate) rows: Vec<Row>,
    pub(crate) retained: BTreeMap<String, BigInt>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) key: String,
    pub(crate) payee: u64,
    pub(crate) amount: BigInt,
    pub(crate) level: i64,
    pub(crate) source: Option<String>,
    pub(crate) account: String,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Paired {
    pub(crate) rule: String,
    pub(crate) member: u64,
    pub(crate) waited: Legs,
    pub(crate) came: Legs,
    pub(crate) pairs: i64,
    pub(crate) consumed: Legs,
    pub(crate) flushed: Legs,
    pub(crate) carried: Legs,
    /// Not compared: the outcome's pool and rows say it.
    pub(crate) reached: BigInt,
    pub(crate) paid: BigInt,
}

/// What each payee gets of each rule.
pub(crate) type Sums = BTreeMap<(String, u64, String), BigInt>;

impl Answer {
    pub(crate) fn sums(&self) -> Sums {
        let mut sums = Sums::new();
        for outcome in &self.outcomes {
            for row in &outcome.rows {
                *sums.entry((outcome.rule.clone(), row.payee, row.account.clone())).or_default() +=
                    &row.amount;
            }
        }
        sums
    }

    /// Reads the engine's document.
    pub(crate) fn read(node: &Node) -> Self {
        let body = node.get("carry").and_then(|carry| carry.get("body")).expect("a carry");
        let mut answer = Self {
            outcomes: items(node, "outcomes").iter().map(outcome).collect(),
            pairs: items(node, "pairs").iter().map(paired).collect(),
            ..Self::default()
        };
        for entry in items(body, "legs") {
            let legs = (int(entry, "left"), int(entry, "right"));
            answer.waiting.insert((text(entry, "rule"), number(entry, "member")), legs);
        }
        for entry in items(body, "used") {
            answer.used.insert((text(entry, "rule"), number(entry, "payee")), big(int(entry, "amount")));
        }
        for adjustment in items(node, "adjustments") {
            let row = |row: &Node| {
                ((text(row, "rule"), number(row, "payee"), text(row, "account")), big(int(row, "amount")))
            };
            answer.adjustments.push(items(adjustment, "rows").iter().map(row).collect());
        }
        answer
    }
}

fn outcome(node: &Node) -> Outcome {
    let row = |row: &Node| Row {
        key: text(row, "key"),
        payee: number(row, "payee"),
        amount: big(int(row, "amount")),
        level: int(row, "level"),
        source: row.get("source").and_then(Node::as_text).map(str::to_owned),
        account: text(row, "account"),
    };
    let retained = |entry: &Node| (text(entry, "reason"), big(int(entry, "amount")));
    Outcome {
        rule: text(node, "rule"),
        pool: big(int(node, "pool")),
        rows: items(node, "rows").iter().map(row).collect(),
        retained: items(node, "retained").iter().map(retained).collect(),
    }
}

fn paired(node: &Node) -> Paired {
    let legs = |key: &str| match items(node, key) {
        [Node::Int(left), Node::Int(right)] => (*left, *right),
        other => panic!("{key} is {other:?}"),
    };
    Paired {
        rule: text(node, "rule"),
        member: number(node, "member"),
        waited: legs("waited"),
        came: legs("came"),
        pairs: int(node, "pairs"),
        consumed: legs("consumed"),
        flushed: legs("flushed"),
        carried: legs("carried"),
        ..Paired::default()
    }
}

pub(crate) fn items<'a>(node: &'a Node, key: &str) -> &'a [Node] {
    match node.get(key) {
        Some(Node::List(items)) => items,
        other => panic!("{key} is {other:?}"),
    }
}

pub(crate) fn int(node: &Node, key: &str) -> i64 {
    match node.get(key) {
        Some(Node::Int(value)) => *value,
        other => panic!("{key} is {other:?}"),
    }
}

pub(crate) fn text(node: &Node, key: &str) -> String {
    node.get(key).and_then(Node::as_text).expect("a text").to_owned()
}

fn number(node: &Node, key: &str) -> u64 {
    text(node, key).parse().expect("a number")
}
