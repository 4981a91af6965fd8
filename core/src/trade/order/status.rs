//! Statuses that are functions of the facts, beside the life cycle that the table moves.

use super::case::CaseState;
use super::life::Life;
use super::state::Order;

/// What the buyer has paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Payment {
    /// Nothing.
    Unpaid,
    /// The total is authorized, nothing captured.
    Authorized,
    /// Less than the total.
    PartiallyPaid,
    /// The total.
    Paid,
    /// More than the total.
    Overpaid,
    /// Nothing, and an authorization was given up.
    Voided,
    /// A provider took money back, and the shop has not won it back.
    ChargedBack,
}

impl Payment {
    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unpaid => "unpaid",
            Self::Authorized => "authorized",
            Self::PartiallyPaid => "partially_paid",
            Self::Paid => "paid",
            Self::Overpaid => "overpaid",
            Self::Voided => "voided",
            Self::ChargedBack => "charged_back",
        }
    }

    /// The status of an order; refunds are an axis of their own.
    #[must_use]
    pub fn of(order: &Order) -> Self {
        if order.life() == Life::Draft {
            return Self::Unpaid;
        }
        if order.charged_back() > 0 {
            return Self::ChargedBack;
        }
        let (total, captured, authorized) = (order.total(), order.captured(), order.authorized());
        match captured.cmp(&order.payable()) {
            std::cmp::Ordering::Greater => Self::Overpaid,
            std::cmp::Ordering::Equal => Self::Paid,
            std::cmp::Ordering::Less if captured > 0 => Self::PartiallyPaid,
            std::cmp::Ordering::Less if authorized >= total => Self::Authorized,
            std::cmp::Ordering::Less if authorized == 0 && order.has_void() => Self::Voided,
            std::cmp::Ordering::Less => Self::Unpaid,
        }
    }
}

/// What the buyer got back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refund {
    /// Nothing.
    None,
    /// A refund is reserved and not paid out yet.
    Refunding,
    /// Less than was captured.
    PartiallyRefunded,
    /// Everything that was captured.
    Refunded,
}

impl Refund {
    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Refunding => "refunding",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
        }
    }

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
            _ => Self { english: order.life().english(), chinese: order.life().chinese() },
        }
    }
}
