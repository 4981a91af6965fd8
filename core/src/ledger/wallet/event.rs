//! Events: what happened to a wallet. They are stored, and a wallet's claims are folded from them alone.

use super::command::Header;
use super::words::{PayoutState, Verdict};
use crate::doc::{self, JsonSink, Node, NodeSink, Sink};
use crate::id::{AdjustmentId, HoldId, PayoutId, TransactionId, WithdrawalId};
use crate::ledger::MemberAccount;
use crate::request::Reason;
use crate::time::Timestamp;
use std::sync::Arc;

/// The schema number in every event; upcasters begin after 0.
pub const EVENT_SCHEMA: i64 = 0;

/// The types of events that post journals, which are their reasons: nobody else's journal gives one of them.
pub const POSTING_EVENTS: [&str; 8] = [
    "withdrawal_requested",
    "withdrawal_rejected",
    "withdrawal_cancelled",
    "payout_succeeded",
    "conflict_resolved",
    "hold_placed",
    "hold_released",
    "adjustment_approved",
];

/// One event: the command that made it, its place in the wallet's log, and what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The command that made it.
    pub header: Arc<Header>,
    /// Its place in the wallet's log, from 1.
    pub seq: u64,
    /// What happened.
    pub data: EventData,
}

/// What an event moves, by account, frozen as it was decided; all of it sums to zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moves {
    /// The member's accounts, in the order of their words, none of them zero.
    pub member: Vec<(MemberAccount, i64)>,
    /// What leaves for the member's own bank.
    pub paid_out: i64,
    /// What the mall keeps as its fee.
    pub fee: i64,
    /// What the mall withholds as tax.
    pub tax: i64,
    /// What a manual adjustment takes from the mall, below zero.
    pub adjustment: i64,
}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject<'a> {
    /// A withdrawal.
    Withdrawal(&'a WithdrawalId),
    /// A payout, and the withdrawal it pays.
    Payout(&'a PayoutId),
    /// A hold.
    Hold(&'a HoldId),
    /// An adjustment.
    Adjustment(&'a AdjustmentId),
    /// None of them: the command alone.
    Command,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventData {
    /// A withdrawal was asked for and its amount reserved.
    WithdrawalRequested {
        /// Which.
        withdrawal_id: WithdrawalId,
        /// What the member gives.
        amount: i64,
        /// What the mall will keep of it.
        fee: i64,
        /// What the mall will withhold of it.
        tax: i64,
        /// The day it counts to, since 1970-01-01.
        day: i64,
    },
    /// Somebody agreed to it.
    WithdrawalApproved {
        /// Which.
        withdrawal_id: WithdrawalId,
    },
    /// It was refused, and the amount returned.
    WithdrawalRejected {
        /// Which.
        withdrawal_id: WithdrawalId,
        /// Why.
        reason: Reason,
        /// Where the amount went.
        moves: Moves,
    },
    /// It was taken back, and the amount returned.
    WithdrawalCancelled {
        /// Which.
        withdrawal_id: WithdrawalId,
        /// Why.
        reason: Reason,
        /// Where the amount went.
        moves: Moves,
    },
    /// A payout got its id; the host may call the provider.
    PayoutRequested {
        /// Of which withdrawal.
        withdrawal_id: WithdrawalId,
        /// Which.
        payout_id: PayoutId,
        /// What reaches the member.
        net: i64,
    },
    /// The payout went to the provider.
    PayoutSent {
        /// Which.
        payout_id: PayoutId,
        /// The how-manieth try it is, from 1.
        attempt: u32,
    },
    /// The provider waits for the member.
    PayoutAwaiting {
        /// Which.
        payout_id: PayoutId,
        /// Until when.
        expires_at: Timestamp,
    },
    /// The money reached the member.
    PayoutSucceeded {
        /// Which.
        payout_id: PayoutId,
        /// The provider's transaction.
        transaction_id: TransactionId,
        /// What was posted.
        moves: Moves,
    },
    /// The provider did not pay; the amount stays reserved.
    PayoutFailed {
        /// Which.
        payout_id: PayoutId,
        /// Why.
        reason: Reason,
    },
    /// The member did not accept in time; the amount stays reserved.
    PayoutLapsed {
        /// Which.
        payout_id: PayoutId,
    },
    /// The provider contradicts itself or us; no money moves.
    PayoutConflict {
        /// Which payout.
        payout_id: PayoutId,
        /// The provider's transaction, where the report named one.
        transaction_id: Option<TransactionId>,
        /// Where the payout stands with us.
        recorded: PayoutState,
        /// Where the provider says it stands.
        reported: PayoutState,
        /// The amount the provider says it paid, else zero.
        amount: i64,
    },
    /// Somebody found out what a conflict came to.
    ConflictResolved {
        /// Which payout.
        payout_id: PayoutId,
        /// The provider's transaction in the report.
        transaction_id: Option<TransactionId>,
        /// What was found out.
        verdict: Verdict,
        /// How.
        reason: Reason,
        /// What was posted, if anything.
        moves: Moves,
    },
    /// Money was frozen, or the whole wallet.
    HoldPlaced {
        /// Which.
        hold_id: HoldId,
        /// The account; none for the whole wallet.
        account: Option<MemberAccount>,
        /// How much; zero for the whole wallet.
        amount: i64,
        /// Why.
        reason: Reason,
    },
    /// A hold was lifted.
    HoldReleased {
        /// Which.
        hold_id: HoldId,
        /// Why.
        reason: Reason,
        /// What was freed; less than the hold where refunds took some of it back.
        moves: Moves,
    },
    /// Somebody proposed an adjustment; nothing is posted.
    AdjustmentProposed {
        /// Which.
        adjustment_id: AdjustmentId,
        /// Minor units; below zero takes.
        amount: i64,
        /// Why.
        reason: Reason,
    },
    /// A second person agreed.
    AdjustmentApproved {
        /// Which.
        adjustment_id: AdjustmentId,
        /// What was posted.
        moves: Moves,
    },
    /// It was refused; nothing is posted.
    AdjustmentRejected {
        /// Which.
        adjustment_id: AdjustmentId,
        /// Why.
        reason: Reason,
    },
    /// There was nothing to do: a duplicate report, a tick too early. The command's id is taken, so that it
    /// never acts later.
    Noted,
}

impl EventData {
    /// The event's type in documents, and the reason of its journal.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::WithdrawalRequested { .. } => "withdrawal_requested",
            Self::WithdrawalApproved { .. } => "withdrawal_approved",
            Self::WithdrawalRejected { .. } => "withdrawal_rejected",
            Self::WithdrawalCancelled { .. } => "withdrawal_cancelled",
            Self::PayoutRequested { .. } => "payout_requested",
            Self::PayoutSent { .. } => "payout_sent",
            Self::PayoutAwaiting { .. } => "payout_awaiting",
            Self::PayoutSucceeded { .. } => "payout_succeeded",
            Self::PayoutFailed { .. } => "payout_failed",
            Self::PayoutLapsed { .. } => "payout_lapsed",
            Self::PayoutConflict { .. } => "payout_conflict",
            Self::ConflictResolved { .. } => "conflict_resolved",
            Self::HoldPlaced { .. } => "hold_placed",
            Self::HoldReleased { .. } => "hold_released",
            Self::AdjustmentProposed { .. } => "adjustment_proposed",
            Self::AdjustmentApproved { .. } => "adjustment_approved",
            Self::AdjustmentRejected { .. } => "adjustment_rejected",
            Self::Noted => "noted",
        }
    }

    /// What the event is about.
    #[must_use]
    pub const fn subject(&self) -> Subject<'_> {
        match self {
            Self::WithdrawalRequested { withdrawal_id, .. }
            | Self::WithdrawalApproved { withdrawal_id }
            | Self::WithdrawalRejected { withdrawal_id, .. }
            | Self::WithdrawalCancelled { withdrawal_id, .. } => Subject::Withdrawal(withdrawal_id),
            Self::PayoutRequested { payout_id, .. }
            | Self::PayoutSent { payout_id, .. }
            | Self::PayoutAwaiting { payout_id, .. }
            | Self::PayoutSucceeded { payout_id, .. }
            | Self::PayoutFailed { payout_id, .. }
            | Self::PayoutLapsed { payout_id }
            | Self::PayoutConflict { payout_id, .. }
            | Self::ConflictResolved { payout_id, .. } => Subject::Payout(payout_id),
            Self::HoldPlaced { hold_id, .. } | Self::HoldReleased { hold_id, .. } => Subject::Hold(hold_id),
            Self::AdjustmentProposed { adjustment_id, .. }
            | Self::AdjustmentApproved { adjustment_id, .. }
            | Self::AdjustmentRejected { adjustment_id, .. } => Subject::Adjustment(adjustment_id),
            Self::Noted => Subject::Command,
        }
    }

    /// What happened as canonical JSON, without the envelope.
    #[must_use]
    pub fn to_json(&self) -> String {
        JsonSink::of(|sink| self.write(sink))
    }

    fn write(&self, sink: &mut impl Sink) {
        match self {
            Self::WithdrawalRequested { withdrawal_id, amount, fee, tax, day } => {
                sink.int("amount", *amount);
                sink.int("day", *day);
                sink.int("fee", *fee);
                sink.int("tax", *tax);
                sink.text("withdrawal_id", withdrawal_id.as_str());
            }
            Self::WithdrawalApproved { withdrawal_id } => sink.text("withdrawal_id", withdrawal_id.as_str()),
            Self::WithdrawalRejected { withdrawal_id, reason, moves }
            | Self::WithdrawalCancelled { withdrawal_id, reason, moves } => {
                moves.write(sink);
                sink.text("reason", reason.as_str());
                sink.text("withdrawal_id", withdrawal_id.as_str());
            }
            Self::HoldPlaced { hold_id, account, amount, reason } => {
                if let Some(account) = account {
                    sink.text("account", account.name());
                }
                sink.int("amount", *amount);
                sink.text("hold_id", hold_id.as_str());
                sink.text("reason", reason.as_str());
            }
            Self::HoldReleased { hold_id, reason, moves } => {
                sink.text("hold_id", hold_id.as_str());
                moves.write(sink);
                sink.text("reason", reason.as_str());
            }
            Self::AdjustmentProposed { adjustment_id, amount, reason } => {
                sink.text("adjustment_id", adjustment_id.as_str());
                sink.int("amount", *amount);
                sink.text("reason", reason.as_str());
            }
            Self::AdjustmentApproved { adjustment_id, moves } => {
                sink.text("adjustment_id", adjustment_id.as_str());
                moves.write(sink);
            }
            Self::AdjustmentRejected { adjustment_id, reason } => {
                sink.text("adjustment_id", adjustment_id.as_str());
                sink.text("reason", reason.as_str());
            }
            Self::Noted => {}
            payout => payout.write_payout(sink),
        }
    }

    /// The events that are about a payout.
    fn write_payout(&self, sink: &mut impl Sink) {
        match self {
            Self::PayoutRequested { withdrawal_id, payout_id, net } => {
                sink.int("net", *net);
                sink.text("payout_id", payout_id.as_str());
                sink.text("withdrawal_id", withdrawal_id.as_str());
            }
            Self::PayoutSent { payout_id, attempt } => {
                sink.int("attempt", (*attempt).into());
                sink.text("payout_id", payout_id.as_str());
            }
            Self::PayoutAwaiting { payout_id, expires_at } => {
                sink.int("expires_at", expires_at.ms());
                sink.text("payout_id", payout_id.as_str());
            }
            Self::PayoutSucceeded { payout_id, transaction_id, moves } => {
                moves.write(sink);
                sink.text("payout_id", payout_id.as_str());
                sink.text("transaction_id", transaction_id.as_str());
            }
            Self::PayoutFailed { payout_id, reason } => {
                sink.text("payout_id", payout_id.as_str());
                sink.text("reason", reason.as_str());
            }
            Self::PayoutLapsed { payout_id } => sink.text("payout_id", payout_id.as_str()),
            Self::PayoutConflict { payout_id, transaction_id, recorded, reported, amount } => {
                sink.int("amount", *amount);
                sink.text("payout_id", payout_id.as_str());
                sink.text("recorded", recorded.name());
                sink.text("reported", reported.name());
                if let Some(transaction_id) = transaction_id {
                    sink.text("transaction_id", transaction_id.as_str());
                }
            }
            Self::ConflictResolved { payout_id, transaction_id, verdict, reason, moves } => {
                moves.write(sink);
                sink.text("payout_id", payout_id.as_str());
                sink.text("reason", reason.as_str());
                if let Some(transaction_id) = transaction_id {
                    sink.text("transaction_id", transaction_id.as_str());
                }
                sink.text("verdict", verdict.name());
            }
            _ => {}
        }
    }
}

impl Moves {
    /// Writes `"moves": {…}` with one key for each account that moves.
    fn write(&self, sink: &mut impl Sink) {
        let mall = [
            ("adjustment", self.adjustment),
            ("fee", self.fee),
            ("paid_out", self.paid_out),
            ("tax", self.tax),
        ];
        let member = self.member.iter().map(|(account, minor)| (account.name(), *minor));
        let mut all: Vec<_> = mall.into_iter().chain(member).filter(|(_, minor)| *minor != 0).collect();
        all.sort_unstable();
        sink.map("moves", |sink| all.into_iter().for_each(|(name, minor)| sink.int(name, minor)));
    }
}

impl Event {
    /// The event's id: derived from the wallet and the place, so a forked worker can neither repeat nor
    /// invent one.
    #[must_use]
    pub fn event_id(&self) -> String {
        let wallet = &self.header.wallet;
        let parts = [
            "fenrun.wallet/0",
            wallet.tenant.as_str(),
            wallet.member.as_str(),
            wallet.currency.code(),
            &self.seq.to_string(),
        ];
        doc::short_hash(&parts)
    }

    /// The event as canonical JSON, one line of an event log.
    #[must_use]
    pub fn to_json(&self) -> String {
        JsonSink::of(|sink| self.write(sink))
    }

    /// The event as a document.
    #[must_use]
    pub fn to_node(&self) -> Node {
        NodeSink::of(|sink| self.write(sink))
    }

    fn write(&self, sink: &mut impl Sink) {
        let header = &self.header;
        sink.text("actor", header.actor.as_str());
        sink.int("at", header.at.ms());
        sink.text("command_id", header.command_id.as_str());
        sink.text("currency", header.wallet.currency.code());
        sink.map("data", |sink| self.data.write(sink));
        sink.text("event_id", &self.event_id());
        sink.text("fingerprint", &header.fingerprint.to_string());
        sink.text("member", header.wallet.member.as_str());
        sink.int("schema", EVENT_SCHEMA);
        sink.count("seq", self.seq);
        sink.text("tenant", header.wallet.tenant.as_str());
        sink.text("type", self.data.name());
    }
}
