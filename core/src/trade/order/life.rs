//! The words of the life cycle: states, what triggers a move, and timers.

use crate::words::words;

words! {
    /// Where an order stands in its life; moved by [`TABLE`](super::TABLE) and by nothing else.
    Life {
        /// Nothing has happened yet.
        Draft = "draft", "Draft", "草稿";
        /// Placed, no money in.
        PendingPayment = "pending_payment", "Pending payment", "待支付";
        /// The whole total is authorized and may be captured.
        Authorized = "authorized", "Authorized", "已授权";
        /// Some money is in, less than the total.
        PartiallyPaid = "partially_paid", "Partially paid", "部分支付";
        /// The total is in; not yet released to the warehouse.
        Paid = "paid", "Paid", "已支付";
        /// Released, nothing shipped.
        AwaitingShipment = "awaiting_shipment", "Awaiting shipment", "待发货";
        /// Some units shipped, none delivered.
        PartiallyShipped = "partially_shipped", "Partially shipped", "部分发货";
        /// Every unit that was not cancelled is shipped, none delivered.
        Shipped = "shipped", "Shipped", "已发货";
        /// Some units delivered.
        PartiallyReceived = "partially_received", "Partially received", "部分收货";
        /// Every unit that was not cancelled is delivered.
        Received = "received", "Received", "已收货";
        /// The after-sale window is over.
        Completed = "completed", "Completed", "已完成";
        /// Called off before anything was shipped.
        Cancelled = "cancelled", "Cancelled", "已取消";
        /// Not paid in time.
        Expired = "expired", "Expired", "超时关闭";
        /// Shipped in part or whole, and no unit is left after refunds; what was kept for them may still be
        /// granted.
        Refunded = "refunded", "Fully refunded", "已全额退款";
    }
}

impl Life {
    /// Whether the life cycle has ended: money facts are still recorded, nothing moves it again.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Cancelled | Self::Expired | Self::Refunded)
    }

    /// Whether the order still waits for money, so that a capture counts towards its total.
    #[must_use]
    pub const fn awaits_money(self) -> bool {
        matches!(self, Self::PendingPayment | Self::Authorized | Self::PartiallyPaid)
    }
}

words! {
    /// What moves an order: a command, or a timer that a tick found due.
    Trigger {
        /// The order is placed.
        Place = "place", "place", "下单";
        /// The provider authorized an amount.
        Authorize = "authorize", "authorize", "授权";
        /// An authorization is given up.
        VoidAuthorization = "void_authorization", "void authorization", "撤销授权";
        /// The provider captured an amount.
        Capture = "capture", "capture", "收款";
        /// Released to the warehouse.
        Release = "release", "release", "放行";
        /// Held back for a check.
        Hold = "hold", "hold", "挂起";
        /// No longer held.
        Unhold = "unhold", "unhold", "解除挂起";
        /// Units left the warehouse.
        Ship = "ship", "ship", "发货";
        /// Units reached the buyer.
        Deliver = "deliver", "deliver", "收货";
        /// Unshipped units are called off.
        CancelLines = "cancel_lines", "cancel lines", "部分取消";
        /// The lines are changed before anything ships.
        Edit = "edit", "edit", "修改";
        /// The order is called off.
        Cancel = "cancel", "cancel", "取消";
        /// A refund without return is granted.
        RefundLines = "refund_lines", "refund lines", "仅退款";
        /// An after-sale case is opened or moved; `CASE_TABLE` says how.
        Case = "case", "after-sale case", "售后";
        /// An after-sale case is resolved.
        ResolveCase = "resolve_case", "resolve case", "售后完结";
        /// A refund is granted after completion, or after the last unit went.
        GrantRefund = "grant_refund", "grant refund", "完成后退款";
        /// The provider paid a refund out.
        RefundSucceeded = "refund_succeeded", "refund succeeded", "退款成功";
        /// Not paid in time.
        PayBy = "pay_by", "tick: pay by", "支付超时";
        /// Shipped long enough ago to count as received.
        AutoReceive = "auto_receive", "tick: auto-receive", "自动收货";
        /// Goods that were to come back did not come in time.
        ReturnBy = "return_by", "tick: return by", "退货超时";
        /// The after-sale window is over.
        WindowOver = "window_over", "tick: window over", "售后期满";
    }
}

impl Trigger {
    /// The command to write for it: timers run at a `tick`, and cases have commands of their own.
    #[must_use]
    pub const fn command(self) -> &'static str {
        match self {
            Self::PayBy | Self::AutoReceive | Self::ReturnBy | Self::WindowOver => "tick",
            Self::Case => "open_case",
            named => named.name(),
        }
    }

    /// Whether a provider reports it: such a fact is recorded in every state after placement, and where
    /// the table has no row for it the life cycle stays.
    #[must_use]
    pub const fn is_fact(self) -> bool {
        matches!(self, Self::Authorize | Self::VoidAuthorization | Self::Capture | Self::RefundSucceeded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_unique() {
        let mut lives: Vec<_> = Life::ALL.iter().map(|life| life.name()).collect();
        lives.sort_unstable();
        lives.dedup();
        assert_eq!(lives.len(), Life::ALL.len());
        let mut triggers: Vec<_> = Trigger::ALL.iter().map(|trigger| trigger.name()).collect();
        triggers.sort_unstable();
        triggers.dedup();
        assert_eq!(triggers.len(), Trigger::ALL.len());
    }
}
