//! What the read model is folded from.

use crate::id::{MemberId, OrderId, RefundId};
use crate::money::Currency;
use crate::reward::commission::{Outcome, Reversal};
use crate::time::Timestamp;
use crate::trade::order::Event;

/// One version of the sale an order became.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SaleVersion {
    /// The order.
    pub order: OrderId,
    /// Counts the edits of the order, from 1.
    pub version: u32,
}

/// One amount an outcome pays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarnedRow {
    /// Who.
    pub payee: MemberId,
    /// By which rule.
    pub rule: String,
    /// At which level; none where the plan counts none.
    pub level: Option<u32>,
    /// Minor units above zero.
    pub amount: i64,
}

/// What a sale came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earned {
    /// The sale.
    pub sale: SaleVersion,
    /// The currency of every amount.
    pub currency: Currency,
    /// Its rows.
    pub rows: Vec<EarnedRow>,
}

impl From<&Outcome> for Earned {
    fn from(outcome: &Outcome) -> Self {
        let rows = outcome.rows().iter().map(|row| EarnedRow {
            payee: row.payee.clone(),
            rule: row.rule.clone(),
            level: u32::try_from(row.level).ok(),
            amount: row.amount,
        });
        let sale = SaleVersion { order: outcome.sale().clone(), version: outcome.version() };
        Self { sale, currency: outcome.currency(), rows: rows.collect() }
    }
}

/// What a refund takes back of one payee's commission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenRow {
    /// Who.
    pub payee: MemberId,
    /// The rule that paid.
    pub rule: String,
    /// Minor units as the reversal posts them, normally below zero.
    pub amount: i64,
}

/// One fact; [`DistributionOrders`](super::DistributionOrders) folds them in the order they happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// Something happened to an order.
    Order(Event),
    /// A sale earned commission: it is pending.
    Earned(Earned),
    /// The order completed: what is pending of the sale is confirmed.
    Confirmed {
        /// The sale.
        sale: SaleVersion,
    },
    /// A hold is over: what is confirmed is payable.
    Released {
        /// The sale.
        sale: SaleVersion,
        /// By which rule; none for all.
        rule: Option<String>,
    },
    /// A refund took commission back.
    TakenBack {
        /// The sale.
        sale: SaleVersion,
        /// The refund; it takes back once.
        refund: RefundId,
        /// The rows of the reversal.
        rows: Vec<TakenRow>,
    },
    /// A member was paid out.
    PaidOut {
        /// Who.
        member: MemberId,
        /// The currency of the amount.
        currency: Currency,
        /// Minor units with fee and tax, above zero.
        amount: i64,
        /// When.
        at: Timestamp,
    },
    /// What a member was paid out came back (退票).
    CameBack {
        /// Who.
        member: MemberId,
        /// The currency of the amount.
        currency: Currency,
        /// Minor units with fee and tax, above zero.
        amount: i64,
        /// When.
        at: Timestamp,
    },
}

impl Fact {
    /// The fact of a reversal.
    #[must_use]
    pub fn taken_back(sale: SaleVersion, refund: RefundId, reversal: &Reversal) -> Self {
        let rows = reversal.rows.iter().map(|row| TakenRow {
            payee: row.payee.clone(),
            rule: row.rule.clone(),
            amount: row.amount,
        });
        Self::TakenBack { sale, refund, rows: rows.collect() }
    }
}
