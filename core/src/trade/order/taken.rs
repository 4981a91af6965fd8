//! What events take back, and the small words they carry.

use crate::doc::Sink;
use crate::id::LineId;
use crate::words::words;

/// Units and entitlement taken back from one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Which line.
    pub line: LineId,
    /// Unshipped units that are cancelled.
    pub cancelled: u64,
    /// Units on their way that will not arrive.
    pub lost: u64,
    /// Units that arrived and are refunded.
    pub refunded: u64,
    /// What the buyer gets back of the net.
    pub amount: i64,
    /// What the buyer gets back of the added tax.
    pub tax: i64,
    /// What was paid for the units, without added tax, less the amount: above zero when the buyer gets
    /// less, below zero when money is given back ahead of units.
    pub shortfall: i64,
}

impl Grant {
    /// Units that are gone with it.
    #[must_use]
    pub const fn units(&self) -> u64 {
        self.cancelled + self.lost + self.refunded
    }
}

/// What is taken back from an order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TakenBack {
    /// By line.
    pub lines: Vec<Grant>,
    /// Of the shipping.
    pub shipping: i64,
    /// Of the cash rounding, below zero where rounding took off: it goes with the last unit.
    pub rounding: i64,
}

impl TakenBack {
    /// All of it together.
    #[must_use]
    pub fn sum(&self) -> i128 {
        let lines = self.lines.iter().map(|grant| i128::from(grant.amount) + i128::from(grant.tax));
        lines.sum::<i128>() + i128::from(self.shipping) + i128::from(self.rounding)
    }

    pub(super) fn write_lines(&self, sink: &mut impl Sink) {
        sink.list("lines", &self.lines, |sink, grant| {
            sink.int("amount", grant.amount);
            sink.count("cancelled", grant.cancelled);
            sink.text("line", grant.line.as_str());
            if grant.lost != 0 {
                sink.count("lost", grant.lost);
            }
            sink.count("refunded", grant.refunded);
            sink.int("shortfall", grant.shortfall);
            if grant.tax != 0 {
                sink.int("tax", grant.tax);
            }
        });
    }

    pub(super) fn write_charges(&self, sink: &mut impl Sink) {
        if self.rounding != 0 {
            sink.int("rounding", self.rounding);
        }
        sink.int("shipping", self.shipping);
    }
}

words! {
    /// Why the engine reserved a refund by itself.
    Cause {
        /// The order was cancelled.
        Cancelled = "cancelled", "the order was cancelled", "订单取消";
        /// The order expired half paid.
        Expired = "expired", "the order expired half paid", "部分支付后超时";
        /// Lines were cancelled.
        LinesCancelled = "lines_cancelled", "lines were cancelled", "部分取消";
        /// The order was edited and costs less now.
        Edited = "edited", "the order costs less after an edit", "修改后金额减少";
        /// Money came in that the order has no use for: too much, or too late.
        UnneededCapture = "unneeded_capture", "it came in too much or too late", "多付或迟到的付款";
    }
}

words! {
    /// Which kind of fact a provider reported.
    FactKind {
        /// An authorization.
        Authorize = "authorize", "authorization", "授权";
        /// A capture.
        Capture = "capture", "payment", "付款";
        /// The result of a refund.
        Refund = "refund", "refund", "退款";
        /// A charge-back.
        Chargeback = "chargeback", "charge-back", "拒付";
    }
}

words! {
    /// Whether people or a timer said that units arrived.
    Receipt {
        /// Somebody said so.
        Confirmed = "confirmed", "received", "收货";
        /// The time for it is over.
        Assumed = "assumed", "counted as received", "自动收货";
    }
}
