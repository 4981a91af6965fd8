//! The words of withdrawals and payouts.

use crate::words::words;

words! {
    /// Where a withdrawal stands; moved by [`TABLE`](super::TABLE) and by nothing else.
    WithdrawalState {
        /// Asked for; the amount is reserved.
        Requested = "requested", "Requested", "待审核";
        /// Somebody agreed to it.
        Approved = "approved", "Approved", "待打款";
        /// A payout has its id; the provider may have heard of it.
        PayoutRequested = "payout_requested", "Payout requested", "打款已创建";
        /// The payout went to the provider.
        PayoutSent = "payout_sent", "Payout sent", "打款中";
        /// The provider waits for the member to accept.
        AwaitingPayee = "awaiting_payee", "Awaiting payee", "待收款人确认";
        /// The provider did not pay; the amount is still reserved.
        PayoutFailed = "payout_failed", "Payout failed", "打款失败";
        /// The member did not accept in time; the amount is still reserved.
        PayoutLapsed = "payout_lapsed", "Payout lapsed", "打款已过期";
        /// The money reached the member.
        Paid = "paid", "Paid", "已打款";
        /// Refused; the amount is available again.
        Rejected = "rejected", "Rejected", "已驳回";
        /// Taken back by who asked; the amount is available again.
        Cancelled = "cancelled", "Cancelled", "已取消";
    }
}

words! {
    /// What moves a withdrawal.
    WithdrawalTrigger {
        /// Somebody agrees.
        Approve = "approve", "approve", "审核通过";
        /// Somebody refuses.
        Reject = "reject", "reject", "驳回";
        /// Who asked takes it back.
        Cancel = "cancel", "cancel", "取消";
        /// A payout is started under an id of its own.
        Pay = "pay", "pay", "打款";
        /// The payout goes to the provider, or goes again under the same id.
        Send = "send", "send", "提交渠道";
        /// The provider waits for the member.
        AwaitPayee = "payout_awaiting", "provider: awaiting payee", "渠道：待收款人确认";
        /// The provider paid.
        Succeed = "payout_succeeded", "provider: succeeded", "渠道：成功";
        /// The provider did not pay.
        Fail = "payout_failed", "provider: failed", "渠道：失败";
        /// The member did not accept in time, by the provider's report or the clock.
        Lapse = "payout_lapsed", "provider or tick: lapsed", "过期";
        /// A conflict is resolved: the money did reach the member.
        ResolvePaid = "resolve_paid", "resolve: was paid", "冲突处理：已到账";
        /// A conflict is resolved: the money came back.
        ResolveReturned = "resolve_returned", "resolve: came back", "冲突处理：已退回";
    }
}

words! {
    /// Where one payout stands.
    PayoutState {
        /// It has an id; the provider may have heard of it.
        Requested = "requested", "Requested", "已创建";
        /// It went to the provider.
        Sent = "sent", "Sent", "已提交";
        /// The provider waits for the member to accept.
        AwaitingPayee = "awaiting_payee", "Awaiting payee", "待收款人确认";
        /// The money reached the member.
        Succeeded = "succeeded", "Succeeded", "成功";
        /// The provider did not pay.
        Failed = "failed", "Failed", "失败";
        /// The member did not accept in time.
        Lapsed = "lapsed", "Lapsed", "已过期";
    }
}

words! {
    /// What somebody found out about a conflict of a provider's reports.
    Verdict {
        /// The money reached the member.
        Paid = "paid", "Paid", "已到账";
        /// The money came back.
        Returned = "returned", "Returned", "已退回";
        /// The report was wrong; nothing moves.
        Dismissed = "dismissed", "Dismissed", "不成立";
    }
}

impl WithdrawalState {
    /// Whether the amount is set aside: exactly then it stands on the member's reserved account.
    #[must_use]
    pub const fn is_live(self) -> bool {
        !matches!(self, Self::Paid | Self::Rejected | Self::Cancelled)
    }

    /// Whether a payout is under way that the provider may act on.
    #[must_use]
    pub const fn has_live_payout(self) -> bool {
        matches!(self, Self::PayoutRequested | Self::PayoutSent | Self::AwaitingPayee)
    }

    /// Where the withdrawal's last payout stands; none where none was started or it does not say.
    #[must_use]
    pub const fn payout(self) -> Option<PayoutState> {
        Some(match self {
            Self::PayoutRequested => PayoutState::Requested,
            Self::PayoutSent => PayoutState::Sent,
            Self::AwaitingPayee => PayoutState::AwaitingPayee,
            Self::PayoutFailed => PayoutState::Failed,
            Self::PayoutLapsed => PayoutState::Lapsed,
            Self::Paid => PayoutState::Succeeded,
            Self::Requested | Self::Approved | Self::Rejected | Self::Cancelled => return None,
        })
    }
}

impl PayoutState {
    /// Whether the provider may still act on it.
    #[must_use]
    pub const fn is_live(self) -> bool {
        matches!(self, Self::Requested | Self::Sent | Self::AwaitingPayee)
    }
}
