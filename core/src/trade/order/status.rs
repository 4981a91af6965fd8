//! Statuses that are functions of the facts, beside the life cycle that the table moves.

use super::case::CaseState;
use super::life::Life;
use super::state::Order;
use crate::words::words;

words! {
    /// What the buyer has paid.
    #[non_exhaustive]
    Payment {
        /// Nothing.
        Unpaid = "unpaid", "Unpaid", "未支付";
        /// The total is authorized, nothing captured.
        Authorized = "authorized", "Authorized", "已授权";
        /// Less than the total.
        PartiallyPaid = "partially_paid", "Partially paid", "部分支付";
        /// The total.
        Paid = "paid", "Paid", "已支付";
        /// More than the total.
        Overpaid = "overpaid", "Overpaid", "超额支付";
        /// Nothing, and an authorization was given up.
        Voided = "voided", "Authorization given up", "授权已撤销";
        /// A provider took money back, and nobody has replaced it.
        ChargedBack = "charged_back", "Charged back", "已拒付";
    }
}

impl Payment {
    /// The status of an order; refunds are an axis of their own.
    #[must_use]
    pub fn of(order: &Order) -> Self {
        if order.life() == Life::Draft {
            return Self::Unpaid;
        }
        if order.unreplaced() > 0 {
            return Self::ChargedBack;
        }
        let (total, captured, authorized) = (order.total(), order.captured(), order.authorized());
        // Both are sums of amounts above zero, so their difference fits.
        match (captured - order.charged_back()).cmp(&order.payable()) {
            std::cmp::Ordering::Greater => Self::Overpaid,
            std::cmp::Ordering::Equal => Self::Paid,
            // What is missing of the total need not be paid any more: it was set off against what was
            // cancelled or refunded.
            std::cmp::Ordering::Less if order.due() > 0 && order.balance() >= 0 => Self::Paid,
            std::cmp::Ordering::Less if order.charged_back() > 0 => Self::ChargedBack,
            // All that was due of an order that goes on was set off or given back, and what was paid out without
            // being asked for came in again.
            std::cmp::Ordering::Less if captured > 0 && order.balance() >= 0 && !order.has_nothing_left() => {
                Self::Paid
            }
            std::cmp::Ordering::Less if captured > 0 => Self::PartiallyPaid,
            std::cmp::Ordering::Less if authorized >= total => Self::Authorized,
            std::cmp::Ordering::Less if authorized == 0 && order.has_void() => Self::Voided,
            std::cmp::Ordering::Less => Self::Unpaid,
        }
    }
}

words! {
    /// What the buyer got back.
    Refund {
        /// Nothing.
        None = "none", "Nothing refunded", "无退款";
        /// A refund is reserved and not paid out yet.
        Refunding = "refunding", "Refunding", "退款中";
        /// Less than was captured.
        PartiallyRefunded = "partially_refunded", "Partially refunded", "部分退款";
        /// Everything that was captured.
        Refunded = "refunded", "Fully refunded", "全额退款";
    }
}

impl Refund {
    /// The status of an order.
    #[must_use]
    pub fn of(order: &Order) -> Self {
        if order.refunds_open() > 0 {
            Self::Refunding
        } else if order.refunded() == 0 {
            Self::None
        } else if order.refunded() < order.captured() {
            Self::PartiallyRefunded
        } else {
            Self::Refunded
        }
    }
}

/// What to show people: the life cycle, unless a refund is on its way or a case is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Display {
    /// In English.
    pub english: &'static str,
    /// In Chinese.
    pub chinese: &'static str,
}

impl Display {
    /// What to show of an order.
    #[must_use]
    pub fn of(order: &Order) -> Self {
        match Refund::of(order) {
            Refund::Refunding => Self { english: "Refunding", chinese: "退款中" },
            _ if order.cases().values().any(CaseState::is_live) => {
                Self { english: "After-sale", chinese: "售后中" }
            }
            // Every unit is gone, and money was kept for them.
            refund @ Refund::PartiallyRefunded if order.life() == Life::Refunded => {
                Self { english: refund.english(), chinese: refund.chinese() }
            }
            _ => Self { english: order.life().english(), chinese: order.life().chinese() },
        }
    }
}
