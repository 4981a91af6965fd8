//! The outcome document, collected row by row.

use super::number::big;
use super::plan::{Per, Rule};
use super::sale::{Line, Sale};
use fenrun::doc::Node;
use num_bigint::BigInt;
use num_traits::Zero;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The reasons for which something is retained, in the order of the page.
pub(crate) const REASONS: [&str; 7] =
    ["not_applicable", "no_upline", "ineligible", "blocked", "unreached_rank", "rounding", "below_minimum"];

/// What somebody gets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Row {
    pub(crate) key: String,
    pub(crate) payee: String,
    pub(crate) amount: BigInt,
    pub(crate) rule: String,
    /// None when the rule rounds per order.
    pub(crate) line: Option<String>,
    pub(crate) level: usize,
}

/// What a sale comes to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) pool: BigInt,
    pub(crate) rows: Vec<Row>,
    pub(crate) retained: Vec<(String, BigInt)>,
}

impl Outcome {
    /// Adds the outcome of another sale.
    pub(crate) fn add(&mut self, other: Self) {
        self.pool += other.pool;
        self.rows.extend(other.rows);
        let mut sums: BTreeMap<usize, BigInt> = BTreeMap::new();
        for (reason, amount) in self.retained.drain(..).chain(other.retained) {
            *sums.entry(place(&reason)).or_default() += amount;
        }
        self.retained = sums.into_iter().map(|(at, amount)| (REASONS[at].to_owned(), amount)).collect();
    }

    /// `{ pool, rows, retained }`.
    pub(crate) fn to_node(&self) -> Node {
        let row = |row: &Row| {
            Node::map([
                ("key", Node::from(row.key.as_str())),
                ("payee", row.payee.as_str().into()),
                ("amount", minor(&row.amount)),
                ("rule", row.rule.as_str().into()),
                ("line", row.line.clone().into()),
                ("level", i64::try_from(row.level).expect("a level").into()),
                ("account", ACCOUNT.into()),
            ])
        };
        let entry = |(reason, amount): &(String, BigInt)| {
            Node::map([("reason", Node::from(reason.as_str())), ("amount", minor(amount))])
        };
        Node::map([
            ("pool", minor(&self.pool)),
            ("rows", self.rows.iter().map(row).collect::<Vec<_>>().into()),
            ("retained", self.retained.iter().map(entry).collect::<Vec<_>>().into()),
        ])
    }
}

/// The place of a reason in the page's table.
fn place(reason: &str) -> usize {
    REASONS.iter().position(|known| *known == reason).expect("a listed reason")
}

fn minor(amount: &BigInt) -> Node {
    i64::try_from(amount.clone()).expect("an amount of 64 bits").into()
}

/// Collects what the rules hand out.
#[derive(Default)]
pub(crate) struct Ledger {
    line: Option<String>,
    pub(crate) rows: Vec<Row>,
    /// What nobody got, amount by amount, with its line.
    pub(crate) kept: Vec<(Option<String>, BigInt)>,
    retained: [BigInt; REASONS.len()],
}

impl Ledger {
    /// Says which lines the next amounts are for.
    pub(crate) fn open(&mut self, rule: &Rule, lines: &[&Line]) {
        self.line = (rule.per != Per::Order).then(|| lines[0].id.clone());
    }

    /// A row, unless the amount is zero or below the rule's minimum.
    pub(crate) fn pay(&mut self, rule: &Rule, payee: &str, level: usize, amount: BigInt) {
        if amount < rule.min {
            self.retain("below_minimum", amount);
        } else if !amount.is_zero() {
            self.rows.push(Row {
                key: String::new(),
                payee: payee.into(),
                amount,
                rule: rule.id.clone(),
                line: self.line.clone(),
                level,
            });
        }
    }

    pub(crate) fn retain(&mut self, reason: &str, amount: BigInt) {
        self.kept.push((self.line.clone(), amount.clone()));
        self.retained[place(reason)] += amount;
    }

    pub(crate) fn close(mut self, pool: BigInt, sale: &Sale) -> Outcome {
        for row in &mut self.rows {
            row.key = hash(&key_parts(sale, row));
        }
        let entries = REASONS.iter().zip(self.retained).filter(|(_, amount)| *amount != big(0));
        let retained = entries.map(|(reason, amount)| ((*reason).to_owned(), amount)).collect();
        Outcome { pool, rows: self.rows, retained }
    }
}

/// The texts a row's key is hashed from.
pub(crate) fn key_parts(sale: &Sale, row: &Row) -> Vec<String> {
    vec![
        "fenrun.row/0".into(),
        "allocation".into(),
        sale.tenant.clone(),
        sale.id.clone(),
        sale.version.to_string(),
        row.line.clone().unwrap_or_default(),
        String::new(),
        row.rule.clone(),
        row.level.to_string(),
        ACCOUNT.into(),
    ]
}

/// The account of every row.
pub(crate) const ACCOUNT: &str = "cash";

/// The first 16 bytes, in hex, of SHA-256 over texts, each preceded by its length as 8 bytes, big-endian.
pub(crate) fn hash(texts: &[String]) -> String {
    let mut bytes = Vec::new();
    for text in texts {
        bytes.extend(u64::try_from(text.len()).expect("a length").to_be_bytes());
        bytes.extend(text.as_bytes());
    }
    Sha256::digest(&bytes)[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}
