//! Commands: who asks for what of whose wallet, and under which id.

use super::policy::Policy;
use super::state::WalletKey;
use super::words::Verdict;
use crate::doc::{JsonSink, Sink};
use crate::id::{AdjustmentId, CommandId, ExternalId, HoldId, PayoutId, TransactionId, WithdrawalId};
use crate::ledger::MemberAccount;
use crate::request::{Fingerprint, Reason};
use crate::time::Timestamp;
use std::sync::Arc;

/// What every event repeats of the command that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Whose wallet.
    pub wallet: WalletKey,
    /// The command's id, named by whoever sends it; a retry keeps it.
    pub command_id: CommandId,
    /// What the command said.
    pub fingerprint: Fingerprint,
    /// Who asked.
    pub actor: ExternalId,
    /// When, by the caller's clock.
    pub at: Timestamp,
}

/// The envelope of a command: everything but what it asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Whose wallet.
    pub wallet: WalletKey,
    /// The version the caller saw, to refuse a command on a wallet that moved on.
    pub expected_version: Option<u64>,
    /// The command's id; the same id never acts twice.
    pub command_id: CommandId,
    /// Who asks: a member, a clerk, a job, a provider.
    pub actor: ExternalId,
    /// When, by the caller's clock.
    pub now: Timestamp,
}

/// A command: an envelope around an [`Action`], with the fingerprint computed once. The fingerprint covers
/// the action and the actor, not the time or the expected version: a retry that comes later is the same
/// command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    header: Arc<Header>,
    expected_version: Option<u64>,
    action: Action,
}

impl Command {
    /// Puts an action into its envelope.
    #[must_use]
    pub fn new(envelope: Envelope, action: Action) -> Self {
        let Envelope { wallet, expected_version, command_id, actor, now } = envelope;
        let fingerprint = Fingerprint::of(&JsonSink::of(|sink| action.write(sink)), &actor);
        let header = Header { wallet, command_id, fingerprint, actor, at: now };
        Self { header: Arc::new(header), expected_version, action }
    }

    /// The part that goes into events.
    #[must_use]
    pub const fn header(&self) -> &Arc<Header> {
        &self.header
    }

    /// The version the caller saw.
    #[must_use]
    pub const fn expected_version(&self) -> Option<u64> {
        self.expected_version
    }

    /// What is asked for.
    #[must_use]
    pub const fn action(&self) -> &Action {
        &self.action
    }
}

/// What a command asks for or reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Ask for a withdrawal; the amount is reserved.
    Request {
        /// The withdrawal.
        withdrawal_id: WithdrawalId,
        /// Minor units, fee and tax included.
        amount: i64,
        /// Limits, fee and tax.
        policy: Policy,
    },
    /// Agree to a withdrawal.
    Approve {
        /// Which.
        withdrawal_id: WithdrawalId,
    },
    /// Refuse a withdrawal; the amount is available again.
    Reject {
        /// Which.
        withdrawal_id: WithdrawalId,
        /// Why.
        reason: Reason,
    },
    /// Take a withdrawal back; the amount is available again.
    Cancel {
        /// Which.
        withdrawal_id: WithdrawalId,
        /// Why.
        reason: Reason,
    },
    /// Start a payout. Again with the id of the live one is a no-op; another id needs the last one to have
    /// failed or lapsed.
    Pay {
        /// Of which withdrawal.
        withdrawal_id: WithdrawalId,
        /// The id the provider will know it by.
        payout_id: PayoutId,
    },
    /// The payout goes to the provider, or goes again under the same id.
    Send {
        /// Which.
        payout_id: PayoutId,
    },
    /// The provider waits for the member to accept.
    PayoutAwaiting {
        /// Which.
        payout_id: PayoutId,
        /// Until when.
        expires_at: Timestamp,
    },
    /// The provider paid.
    PayoutSucceeded {
        /// Which.
        payout_id: PayoutId,
        /// The provider's transaction.
        transaction_id: TransactionId,
        /// Minor units above zero.
        amount: i64,
    },
    /// The provider did not pay.
    PayoutFailed {
        /// Which.
        payout_id: PayoutId,
        /// Why.
        reason: Reason,
    },
    /// The member did not accept in time.
    PayoutLapsed {
        /// Which.
        payout_id: PayoutId,
    },
    /// Say what a conflict of a provider's reports came to.
    Resolve {
        /// The payout it is about.
        payout_id: PayoutId,
        /// The provider's transaction in the report, where it named one.
        transaction_id: Option<TransactionId>,
        /// What was found out.
        verdict: Verdict,
        /// How.
        reason: Reason,
    },
    /// Freeze money, or everything now and to come.
    Hold {
        /// The hold.
        hold_id: HoldId,
        /// The account; none freezes the whole wallet: nothing can be withdrawn until it is released.
        account: Option<MemberAccount>,
        /// Minor units above zero; none freezes all that stands on the account now.
        amount: Option<i64>,
        /// Why.
        reason: Reason,
    },
    /// Lift a hold.
    ReleaseHold {
        /// Which.
        hold_id: HoldId,
        /// Why.
        reason: Reason,
    },
    /// Propose to give, or to take when below zero. Nothing is posted yet.
    ProposeAdjustment {
        /// The adjustment.
        adjustment_id: AdjustmentId,
        /// Minor units, not zero.
        amount: i64,
        /// Why; it may not be empty.
        reason: Reason,
    },
    /// Agree to an adjustment somebody else proposed.
    ApproveAdjustment {
        /// Which.
        adjustment_id: AdjustmentId,
    },
    /// Refuse an adjustment.
    RejectAdjustment {
        /// Which.
        adjustment_id: AdjustmentId,
        /// Why.
        reason: Reason,
    },
    /// Time has passed: payouts nobody accepted lapse.
    Tick,
}

impl Action {
    /// The key of the action in documents.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Request { .. } => "request",
            Self::Approve { .. } => "approve",
            Self::Reject { .. } => "reject",
            Self::Cancel { .. } => "cancel",
            Self::Pay { .. } => "pay",
            Self::Send { .. } => "send",
            Self::PayoutAwaiting { .. } => "payout_awaiting",
            Self::PayoutSucceeded { .. } => "payout_succeeded",
            Self::PayoutFailed { .. } => "payout_failed",
            Self::PayoutLapsed { .. } => "payout_lapsed",
            Self::Resolve { .. } => "resolve",
            Self::Hold { .. } => "hold",
            Self::ReleaseHold { .. } => "release_hold",
            Self::ProposeAdjustment { .. } => "propose_adjustment",
            Self::ApproveAdjustment { .. } => "approve_adjustment",
            Self::RejectAdjustment { .. } => "reject_adjustment",
            Self::Tick => "tick",
        }
    }

    /// The provider's transaction it names: what other wallets of the shop may know too.
    #[must_use]
    pub const fn transaction(&self) -> Option<&TransactionId> {
        match self {
            Self::PayoutSucceeded { transaction_id, .. } => Some(transaction_id),
            Self::Resolve { transaction_id, .. } => transaction_id.as_ref(),
            _ => None,
        }
    }

    /// Writes `{"<name>": {…}}` with sorted keys: what the fingerprint is taken over.
    fn write(&self, sink: &mut impl Sink) {
        sink.map(self.name(), |sink| match self {
            Self::Request { withdrawal_id, amount, policy } => {
                sink.int("amount", *amount);
                sink.map("policy", |sink| policy.write(sink));
                sink.text("withdrawal_id", withdrawal_id.as_str());
            }
            Self::Approve { withdrawal_id } => sink.text("withdrawal_id", withdrawal_id.as_str()),
            Self::Reject { withdrawal_id, reason } | Self::Cancel { withdrawal_id, reason } => {
                sink.text("reason", reason.as_str());
                sink.text("withdrawal_id", withdrawal_id.as_str());
            }
            Self::Pay { withdrawal_id, payout_id } => {
                sink.text("payout_id", payout_id.as_str());
                sink.text("withdrawal_id", withdrawal_id.as_str());
            }
            Self::Hold { hold_id, account, amount, reason } => {
                if let Some(account) = account {
                    sink.text("account", account.name());
                }
                if let Some(amount) = amount {
                    sink.int("amount", *amount);
                }
                sink.text("hold_id", hold_id.as_str());
                sink.text("reason", reason.as_str());
            }
            Self::ReleaseHold { hold_id, reason } => {
                sink.text("hold_id", hold_id.as_str());
                sink.text("reason", reason.as_str());
            }
            Self::ProposeAdjustment { adjustment_id, amount, reason } => {
                sink.text("adjustment_id", adjustment_id.as_str());
                sink.int("amount", *amount);
                sink.text("reason", reason.as_str());
            }
            Self::ApproveAdjustment { adjustment_id } => sink.text("adjustment_id", adjustment_id.as_str()),
            Self::RejectAdjustment { adjustment_id, reason } => {
                sink.text("adjustment_id", adjustment_id.as_str());
                sink.text("reason", reason.as_str());
            }
            Self::Tick => {}
            payout => payout.write_payout(sink),
        });
    }

    /// The actions that are about a payout alone.
    fn write_payout(&self, sink: &mut impl Sink) {
        match self {
            Self::Send { payout_id } | Self::PayoutLapsed { payout_id } => {
                sink.text("payout_id", payout_id.as_str());
            }
            Self::PayoutAwaiting { payout_id, expires_at } => {
                sink.int("expires_at", expires_at.ms());
                sink.text("payout_id", payout_id.as_str());
            }
            Self::PayoutSucceeded { payout_id, transaction_id, amount } => {
                sink.int("amount", *amount);
                sink.text("payout_id", payout_id.as_str());
                sink.text("transaction_id", transaction_id.as_str());
            }
            Self::PayoutFailed { payout_id, reason } => {
                sink.text("payout_id", payout_id.as_str());
                sink.text("reason", reason.as_str());
            }
            Self::Resolve { payout_id, transaction_id, verdict, reason } => {
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
