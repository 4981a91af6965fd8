//! The outcome document, collected row by row.

use super::Naive;
use super::number::big;
use super::plan::{Per, Plan, Rule};
use super::sale::{Line, Person, Sale};
use fenrun::doc::Node;
use num_bigint::BigInt;
use num_traits::Zero;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The reasons for which something is retained, in the order of the page.
pub(crate) const REASONS: [&str; 13] = [
    "not_applicable",
    "no_upline",
    "ineligible",
    "blocked",
    "unreached_rank",
    "tail",
    "rounding",
    "below_minimum",
    "cap_payee",
    "cap_rule",
    "cap_plan",
    "flush",
    "no_payee",
];

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
    /// The key of the amount the rule runs after.
    pub(crate) source: Option<String>,
    pub(crate) account: String,
}

/// An amount of a rule for somebody, before it is split over accounts.
#[derive(Clone)]
pub(crate) struct Award {
    pub(crate) rule: String,
    pub(crate) payee: Person,
    pub(crate) amount: BigInt,
    pub(crate) line: Option<String>,
    pub(crate) level: usize,
    /// The award the rule runs after.
    pub(crate) source: Option<usize>,
}

/// What nobody got of a rule, for one line or the whole sale.
pub(crate) struct Kept {
    pub(crate) rule: String,
    pub(crate) line: Option<String>,
    pub(crate) amount: BigInt,
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
                ("source", row.source.clone().into()),
                ("account", row.account.as_str().into()),
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
    rule: String,
    line: Option<String>,
    source: Option<usize>,
    pub(crate) awards: Vec<Award>,
    /// What nobody got, amount by amount.
    pub(crate) kept: Vec<Kept>,
    retained: [BigInt; REASONS.len()],
}

impl Ledger {
    /// Says which lines the next amounts are for, and which amount they run after.
    pub(crate) fn open(&mut self, rule: &Rule, lines: &[&Line], source: Option<usize>) {
        self.rule = rule.id.clone();
        self.line = (rule.per != Per::Order).then(|| lines[0].id.clone()).filter(|id| !id.is_empty());
        self.source = source;
    }

    /// A row, unless the amount is zero or below the rule's minimum.
    pub(crate) fn pay(&mut self, rule: &Rule, payee: &Person, level: usize, amount: BigInt) {
        if amount < rule.min {
            self.retain("below_minimum", amount);
        } else if !amount.is_zero() {
            self.awards.push(Award {
                payee: payee.clone(),
                amount,
                rule: rule.id.clone(),
                line: self.line.clone(),
                level,
                source: self.source,
            });
        }
    }

    pub(crate) fn retain(&mut self, reason: &str, amount: BigInt) {
        self.kept.push(Kept { rule: self.rule.clone(), line: self.line.clone(), amount: amount.clone() });
        self.retained[place(reason)] += amount;
    }

    /// Leaves so much of an award and retains the rest.
    pub(crate) fn cut(&mut self, at: usize, left: BigInt, reason: &str, rest: BigInt) {
        let award = &mut self.awards[at];
        award.amount = left;
        self.kept.push(Kept { rule: award.rule.clone(), line: award.line.clone(), amount: rest.clone() });
        self.retained[place(reason)] += rest;
    }

    pub(crate) fn close(self, naive: Naive, plan: &Plan, pool: BigInt, sale: &Sale) -> Outcome {
        // The slot of an award has its key in cash, whatever account it goes to.
        let mut keys: Vec<String> = Vec::new();
        let mut rows = Vec::new();
        for award in &self.awards {
            let mut row = Row {
                key: String::new(),
                payee: award.payee.id.clone(),
                amount: award.amount.clone(),
                rule: award.rule.clone(),
                line: award.line.clone(),
                level: award.level,
                source: award.source.map(|at| keys[at].clone()),
                account: ACCOUNT.into(),
            };
            keys.push(hash(&key_parts(sale, &row)));
            let rule = plan.rules.iter().find(|rule| rule.id == award.rule).expect("its rule");
            for (account, amount) in naive.accounts(rule, &award.amount) {
                (row.account, row.amount) = (account, amount);
                row.key = hash(&key_parts(sale, &row));
                rows.push(row.clone());
            }
        }
        rows.retain(|row| row.amount != big(0));
        let entries = REASONS.iter().zip(self.retained).filter(|(_, amount)| *amount != big(0));
        let retained = entries.map(|(reason, amount)| ((*reason).to_owned(), amount)).collect();
        Outcome { pool, rows, retained }
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
        row.source.clone().unwrap_or_default(),
        row.rule.clone(),
        row.level.to_string(),
        row.account.clone(),
    ]
}

/// The account of rows whose rule does not split them.
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
