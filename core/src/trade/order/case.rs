//! After-sale cases: their words, and the one table that moves them.

use super::action::Part;
use super::shipment::Tracking;
use crate::id::{LineId, RefundId};
use crate::time::Timestamp;
use crate::words::words;

words! {
    /// What the buyer asks for.
    CaseKind {
        /// Money back, nothing is sent back.
        RefundOnly = "refund_only", "Refund only", "仅退款";
        /// Goods back, then money back.
        ReturnAndRefund = "return_and_refund", "Return and refund", "退货退款";
        /// Goods back, then the same goods again.
        Exchange = "exchange", "Exchange", "换货";
    }
}

words! {
    /// Whether the goods of a case reached the buyer.
    Goods {
        /// They did.
        Arrived = "arrived", "Goods arrived", "已收到货";
        /// They did not: lost, or refused at the door.
        Missing = "missing", "Goods did not arrive", "未收到货";
    }
}

words! {
    /// Where an after-sale case stands; moved by [`CASE_TABLE`] and by nothing else.
    CaseStage {
        /// The buyer asked.
        Open = "open", "Open", "申请中";
        /// The merchant agreed; the refund is next.
        Approved = "approved", "Approved", "商家同意";
        /// The merchant agreed; the goods are to come back.
        AwaitingReturn = "awaiting_return", "Awaiting return", "待退货";
        /// The goods are on their way back.
        InTransit = "in_transit", "Return in transit", "退货中";
        /// The goods came back.
        Received = "received", "Return received", "已收到退货";
        /// Refunded, or replaced.
        Settled = "settled", "Settled", "已完结";
        /// The merchant did not agree.
        Rejected = "rejected", "Rejected", "已拒绝";
        /// The buyer took it back, or time ran out.
        Withdrawn = "withdrawn", "Withdrawn", "已撤销";
        /// The merchant did not take the goods back.
        ReturnRefused = "return_refused", "Return refused", "拒绝收货";
    }
}

impl CaseStage {
    /// Whether the case has ended.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Settled | Self::Rejected | Self::Withdrawn | Self::ReturnRefused)
    }
}

words! {
    /// What moves a case.
    CaseMove {
        /// The merchant agrees.
        Approve = "approve_case", "approve", "同意";
        /// The merchant does not agree.
        Reject = "reject_case", "reject", "拒绝";
        /// The buyer takes it back.
        Withdraw = "withdraw_case", "withdraw", "撤销";
        /// Time for sending the goods back ran out.
        Lapse = "lapse", "tick: return by", "退货超时";
        /// The buyer sent the goods.
        SendReturn = "send_return", "goods sent back", "寄回";
        /// The goods, or some of them, came back.
        ReceiveReturn = "receive_return", "goods received", "收到退货";
        /// The merchant does not take the goods back.
        RefuseReturn = "refuse_return", "refuse goods", "拒绝收货";
        /// Refunded, or replaced.
        Resolve = "resolve_case", "resolve", "完结";
    }
}

impl CaseMove {
    /// Whether a reason says everything about it.
    pub(super) const fn is_bare(self) -> bool {
        matches!(self, Self::Approve | Self::Reject | Self::Withdraw | Self::RefuseReturn)
    }
}

/// Which kinds of cases a row is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CaseGuard {
    /// Every kind.
    Any,
    /// Nothing is sent back.
    RefundOnly,
    /// Goods are sent back.
    Returns,
    /// The goods an exchange promised did not reach the buyer yet.
    Promised,
}

impl CaseGuard {
    /// The condition in words, empty for [`CaseGuard::Any`].
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Any => "",
            Self::RefundOnly => "refund only",
            Self::Returns => "with return",
            Self::Promised => "goods promised",
        }
    }

    const fn holds(self, kind: CaseKind, replacement: Replacement) -> bool {
        match self {
            Self::Promised => replacement.is_open(),
            Self::Any => true,
            Self::RefundOnly => matches!(kind, CaseKind::RefundOnly),
            Self::Returns => !matches!(kind, CaseKind::RefundOnly),
        }
    }
}

/// One row: a case in `from`, of the kinds `guard` says, goes to `to` after `on`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CaseRow {
    /// The stage the case is in.
    pub from: CaseStage,
    /// What happens.
    pub on: CaseMove,
    /// Which kinds of cases.
    pub guard: CaseGuard,
    /// The stage the case is in then.
    pub to: CaseStage,
}

macro_rules! table {
    ($($from:ident: $($on:ident $guard:ident => $to:ident,)+;)+) => {
        &[$($(CaseRow {
            from: CaseStage::$from, on: CaseMove::$on, guard: CaseGuard::$guard, to: CaseStage::$to,
        },)+)+]
    };
}

/// Every move a case can make; what is not listed is refused.
#[rustfmt::skip]
pub const CASE_TABLE: &[CaseRow] = table! {
    Open:
        Approve RefundOnly => Approved,
        Approve Returns => AwaitingReturn,
        Reject Any => Rejected,
        Withdraw Any => Withdrawn,;
    Approved:
        Resolve Any => Settled,
        Withdraw Any => Withdrawn,;
    AwaitingReturn:
        SendReturn Any => InTransit,
        ReceiveReturn Any => Received,
        Withdraw Any => Withdrawn,
        Lapse Any => Withdrawn,;
    InTransit:
        ReceiveReturn Any => Received,
        RefuseReturn Any => ReturnRefused,;
    Received:
        ReceiveReturn Any => Received,
        Resolve Any => Settled,;
    Settled:
        Resolve Promised => Settled,;
};

/// Where a case goes, if the table lists the move.
pub(super) fn next(case: &CaseState, on: CaseMove) -> Option<CaseStage> {
    let row = CASE_TABLE
        .iter()
        .find(|row| row.from == case.stage && row.on == on && row.guard.holds(case.kind, case.replacement));
    row.map(|row| row.to)
}

/// Units of one line in a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseLine {
    /// Which line.
    pub line: LineId,
    /// Units the case is about.
    pub units: u64,
    /// Units that came back as they were sent.
    pub ok: u64,
    /// Units that came back damaged.
    pub damaged: u64,
}

impl CaseLine {
    /// Units that came back.
    #[must_use]
    pub const fn returned(&self) -> u64 {
        self.ok + self.damaged
    }
}

/// Units of one line that came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnedPart {
    /// Which line.
    pub line: LineId,
    /// Units as they were sent.
    pub ok: u64,
    /// Damaged units.
    pub damaged: u64,
}

words! {
    /// What became of the goods an exchange promises.
    Replacement {
        /// Nothing was promised.
        None = "none", "None", "无";
        /// They are promised.
        Owed = "owed", "Owed", "待换货";
        /// They left the warehouse.
        Shipped = "shipped", "Shipped", "换货已发出";
        /// They reached the buyer.
        Delivered = "delivered", "Delivered", "换货已收到";
        /// The units were refunded instead.
        Refunded = "refunded", "Refunded instead", "改为退款";
    }
}

impl Replacement {
    /// Whether replacement goods are still to come.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Owed | Self::Shipped)
    }
}

/// One after-sale case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseState {
    /// What the buyer asks for.
    pub kind: CaseKind,
    /// Whether the goods reached the buyer.
    pub goods: Goods,
    /// Where it stands.
    pub stage: CaseStage,
    /// Which units.
    pub lines: Vec<CaseLine>,
    /// When the goods are to come back from, once the merchant agreed.
    pub approved_at: Option<Timestamp>,
    /// How the goods were sent back.
    pub tracking: Tracking,
    /// The refund it ended with.
    pub refund_id: Option<RefundId>,
    /// What became of the goods an exchange promises.
    pub replacement: Replacement,
}

impl CaseState {
    /// Whether the case holds units: it has not ended.
    #[must_use]
    pub const fn is_live(&self) -> bool {
        !self.stage.is_terminal()
    }

    /// The units that came back, by line.
    pub(super) fn came_back(&self) -> Vec<Part> {
        let back = self.lines.iter().filter(|line| line.returned() > 0);
        back.map(|line| Part { line: line.line.clone(), units: line.returned() }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_row_leaves_a_terminal_stage_and_every_other_one_can_end() {
        assert!(CASE_TABLE.iter().all(|row| !row.from.is_terminal() || row.to == row.from));
        let mut ends: BTreeSet<_> =
            CaseStage::ALL.iter().copied().filter(|stage| stage.is_terminal()).collect();
        let mut reached = BTreeSet::from([CaseStage::Open]);
        for _ in CaseStage::ALL {
            ends.extend(
                CASE_TABLE
                    .iter()
                    .filter(|row| ends.contains(&row.to))
                    .map(|row| row.from)
                    .collect::<Vec<_>>(),
            );
            let more: Vec<_> =
                CASE_TABLE.iter().filter(|row| reached.contains(&row.from)).map(|row| row.to).collect();
            reached.extend(more);
        }
        assert_eq!((ends.len(), reached.len()), (CaseStage::ALL.len(), CaseStage::ALL.len()));
    }

    #[test]
    fn a_pair_has_one_row_for_each_kind() {
        for (from, on) in CASE_TABLE.iter().map(|row| (row.from, row.on)) {
            for kind in CaseKind::ALL {
                let rows = CASE_TABLE.iter().filter(|row| (row.from, row.on) == (from, on));
                let held = rows.filter(|row| row.guard.holds(*kind, Replacement::Owed)).count();
                assert_eq!(held, 1, "{from:?} {on:?} {kind:?}");
            }
        }
    }
}
