//! A wallet: balances, and the claims on them.

use super::words::{PayoutState, Verdict, WithdrawalState};
use crate::doc::Node;
use crate::error::Result;
use crate::id::{
    AdjustmentId, CommandId, ExternalId, HoldId, MemberId, PayoutId, TransactionId, WithdrawalId,
};
use crate::ledger::{Account, Journal, MemberAccount};
use crate::money::{Currency, Money};
use crate::request::{Fingerprint, Tenant};
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Whose money in which currency: what a wallet is known by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WalletKey {
    /// The shop.
    pub tenant: Tenant,
    /// The member.
    pub member: MemberId,
    /// The one currency of every amount.
    pub currency: Currency,
}

impl fmt::Display for WalletKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wallet of {} in {}", self.member, self.currency)
    }
}

/// A withdrawal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// What the member gives.
    pub amount: i64,
    /// What the mall keeps of it.
    pub fee: i64,
    /// What the mall withholds of it.
    pub tax: i64,
    /// Where it stands.
    pub state: WithdrawalState,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// The day it counts to.
    pub day: i64,
    /// Its last payout.
    pub payout: Option<PayoutId>,
}

impl Withdrawal {
    /// What reaches the member.
    #[must_use]
    pub const fn net(&self) -> i64 {
        // Fee and tax are parts of the amount by construction.
        self.amount - self.fee - self.tax
    }
}

/// A payout of a withdrawal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payout {
    /// Of which withdrawal.
    pub withdrawal_id: WithdrawalId,
    /// Where it stands.
    pub state: PayoutState,
    /// How often it went to the provider.
    pub attempts: u32,
    /// Until when the member may accept it.
    pub expires_at: Option<Timestamp>,
    /// The provider's transaction it succeeded by, while the money has not come back.
    pub transaction_id: Option<TransactionId>,
    /// What the provider paid in it.
    pub paid: i64,
}

/// Money a provider sent, as it is on record: once for each of its transactions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// By which payout.
    pub payout_id: PayoutId,
    /// How much.
    pub amount: i64,
    /// Whether it came back.
    pub returned: bool,
}

/// A hold that was not released.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The account it was placed on; none for the whole wallet.
    pub account: Option<MemberAccount>,
    /// How much.
    pub amount: i64,
}

/// Where an adjustment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdjustmentState {
    /// A second person has to agree.
    Proposed,
    /// Posted.
    Approved,
    /// Never posted.
    Rejected,
}

impl AdjustmentState {
    /// Every state.
    pub const ALL: &'static [Self] = &[Self::Proposed, Self::Approved, Self::Rejected];

    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Proposed => "proposed",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}

/// A manual adjustment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjustment {
    /// Minor units; below zero takes.
    pub amount: i64,
    /// Who proposed it.
    pub proposed_by: ExternalId,
    /// Where it stands.
    pub state: AdjustmentState,
}

/// A provider's report that contradicts what is on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Which payout.
    pub payout_id: PayoutId,
    /// The provider's transaction, where the report named one.
    pub transaction_id: Option<TransactionId>,
    /// Where the provider says the payout stands.
    pub reported: PayoutState,
    /// The amount the provider says it paid, else zero.
    pub amount: i64,
    /// Whether somebody found out what it came to.
    pub resolved: bool,
}

/// Which report a resolution is about: its payout, and the provider's transaction where it names one.
pub(super) type Told<'a> = (&'a PayoutId, Option<&'a TransactionId>);

impl Conflict {
    /// Whether the verdict says something about what was reported.
    pub(super) const fn answers(&self, verdict: Verdict) -> bool {
        match verdict {
            Verdict::Paid => matches!(self.reported, PayoutState::Succeeded),
            Verdict::Returned => matches!(self.reported, PayoutState::Failed | PayoutState::Lapsed),
            Verdict::Dismissed => true,
        }
    }
}

/// What a command came to, for its repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Acted {
    pub(super) fingerprint: Fingerprint,
    pub(super) first_seq: u64,
    pub(super) last_seq: u64,
}

/// One member's money in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wallet {
    pub(super) key: WalletKey,
    pub(super) version: u64,
    pub(super) balances: BTreeMap<MemberAccount, i64>,
    pub(super) withdrawals: BTreeMap<WithdrawalId, Withdrawal>,
    pub(super) payouts: BTreeMap<PayoutId, Payout>,
    pub(super) holds: BTreeMap<HoldId, Option<Hold>>,
    pub(super) adjustments: BTreeMap<AdjustmentId, Adjustment>,
    pub(super) transfers: BTreeMap<TransactionId, Transfer>,
    pub(super) conflicts: Vec<Conflict>,
    pub(super) commands: BTreeMap<CommandId, Acted>,
    /// Transactions that are on record in other wallets; as the balances, none of the log's.
    pub(super) elsewhere: BTreeSet<TransactionId>,
}

impl Wallet {
    /// A wallet to which nothing has happened.
    #[must_use]
    pub const fn new(key: WalletKey) -> Self {
        Self {
            key,
            version: 0,
            balances: BTreeMap::new(),
            withdrawals: BTreeMap::new(),
            payouts: BTreeMap::new(),
            holds: BTreeMap::new(),
            adjustments: BTreeMap::new(),
            transfers: BTreeMap::new(),
            conflicts: Vec::new(),
            commands: BTreeMap::new(),
            elsewhere: BTreeSet::new(),
        }
    }

    /// Whose it is.
    #[must_use]
    pub const fn key(&self) -> &WalletKey {
        &self.key
    }

    /// The place of its last event; 0 before the first.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// What stands on an account.
    #[must_use]
    pub fn balance(&self, account: MemberAccount) -> i64 {
        self.balances.get(&account).copied().unwrap_or(0)
    }

    /// Its withdrawals.
    #[must_use]
    pub const fn withdrawals(&self) -> &BTreeMap<WithdrawalId, Withdrawal> {
        &self.withdrawals
    }

    /// Its payouts.
    #[must_use]
    pub const fn payouts(&self) -> &BTreeMap<PayoutId, Payout> {
        &self.payouts
    }

    /// Holds that were not released.
    pub fn holds(&self) -> impl Iterator<Item = (&HoldId, &Hold)> {
        self.holds.iter().filter_map(|(id, hold)| Some((id, hold.as_ref()?)))
    }

    /// Whether a hold freezes the whole wallet, so that nothing can be withdrawn.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        self.holds().any(|(_, hold)| hold.account.is_none())
    }

    /// Its manual adjustments.
    #[must_use]
    pub const fn adjustments(&self) -> &BTreeMap<AdjustmentId, Adjustment> {
        &self.adjustments
    }

    /// Reports of providers that contradict what is on record, first to last.
    #[must_use]
    pub fn conflicts(&self) -> &[Conflict] {
        &self.conflicts
    }

    /// Money providers sent, by their transactions.
    #[must_use]
    pub const fn transfers(&self) -> &BTreeMap<TransactionId, Transfer> {
        &self.transfers
    }

    /// What a payout sent by a transaction and did not come back: by the one it succeeded by where none is
    /// named.
    pub(super) fn sent(&self, (payout, transaction): Told<'_>) -> Option<(&TransactionId, i64)> {
        let named = transaction.or_else(|| self.payouts.get(payout)?.transaction_id.as_ref())?;
        let (id, transfer) = self.transfers.get_key_value(named)?;
        (transfer.payout_id == *payout && !transfer.returned).then_some((id, transfer.amount))
    }

    /// Whether anything a payout sent is still with the member.
    pub(super) fn has_sent(&self, payout: &PayoutId) -> bool {
        self.transfers.values().any(|transfer| transfer.payout_id == *payout && !transfer.returned)
    }

    /// The place of the open conflict a verdict is about, the first one it answers. That money came back is
    /// often reported without its transaction; whoever resolves it may name the one.
    pub(super) fn open_conflict(&self, told: Told<'_>, verdict: Verdict) -> Option<usize> {
        let open = || self.conflicts.iter().enumerate().filter(|(_, known)| !known.resolved);
        let first = |told: Told<'_>, any: bool| {
            let same = |known: &Conflict| (&known.payout_id, known.transaction_id.as_ref()) == told;
            open().find(|(_, known)| same(known) && (any || known.answers(verdict))).map(|(at, _)| at)
        };
        let unnamed = || first((told.0, None), false).filter(|_| verdict == Verdict::Returned);
        first(told, false).or_else(unnamed).or_else(|| first(told, true))
    }

    /// What withdrawals have set aside.
    #[must_use]
    pub fn claimed(&self) -> i128 {
        let live = self.withdrawals.values().filter(|withdrawal| withdrawal.state.is_live());
        live.map(|withdrawal| i128::from(withdrawal.amount)).sum()
    }

    /// What holds froze when they were placed; refunds may have taken some of it back since.
    #[must_use]
    pub fn frozen(&self) -> i128 {
        self.holds().map(|(_, hold)| i128::from(hold.amount)).sum()
    }

    /// What is frozen now.
    #[must_use]
    pub fn held(&self) -> i128 {
        MemberAccount::STAGES.iter().map(|(_, held)| i128::from(self.balance(*held))).sum()
    }

    /// Folds a journal in that is not one of this wallet's events: commission that was earned, moved on or
    /// taken back. Postings of others pass by.
    ///
    /// # Errors
    /// Those of [`Account::check_balance`], and [`Code::Overflow`](crate::Code::Overflow); the wallet is
    /// then as it was.
    pub fn post(&mut self, journal: &Journal) -> Result<()> {
        let moved = self.after(journal)?;
        self.balances.extend(moved);
        Ok(())
    }

    /// The balances a journal leaves, each checked.
    pub(super) fn after(&self, journal: &Journal) -> Result<Vec<(MemberAccount, i64)>> {
        let mut moved = Vec::new();
        for posting in journal.postings() {
            let Account::Member(member, account) = &posting.account else { continue };
            if *member != self.key.member || posting.amount.currency() != self.key.currency {
                continue;
            }
            let stands = Money::new(self.balance(*account), self.key.currency);
            let after = stands.checked_add(posting.amount)?;
            posting.account.check_balance(after)?;
            moved.push((*account, after.minor()));
        }
        Ok(moved)
    }

    /// The document of the wallet.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let balances =
            MemberAccount::ALL.iter().map(|account| (account.name(), Node::Int(self.balance(*account))));
        let withdrawals = self.withdrawals.iter().map(|(id, withdrawal)| (id.as_str(), withdrawal.to_node()));
        let payouts = self.payouts.iter().map(|(id, payout)| (id.as_str(), payout.to_node()));
        let transfers = self.transfers.iter().map(|(id, transfer)| (id.as_str(), transfer.to_node()));
        let holds = self.holds().map(|(id, hold)| {
            let account = hold.account.map(MemberAccount::name);
            (id.as_str(), Node::map([("account", Node::from(account)), ("amount", hold.amount.into())]))
        });
        let adjustments = self.adjustments.iter().map(|(id, adjustment)| {
            let parts = [
                ("amount", Node::from(adjustment.amount)),
                ("proposed_by", (&adjustment.proposed_by).into()),
                ("state", adjustment.state.name().into()),
            ];
            (id.as_str(), Node::map(parts))
        });
        Node::map([
            ("adjustments", Node::map(adjustments)),
            ("balances", Node::map(balances)),
            ("conflicts", Node::List(self.conflicts.iter().map(Conflict::to_node).collect())),
            ("currency", self.key.currency.code().into()),
            ("frozen", self.is_frozen().into()),
            ("holds", Node::map(holds)),
            ("member", (&self.key.member).into()),
            ("payouts", Node::map(payouts)),
            ("transfers", Node::map(transfers)),
            ("version", i64::try_from(self.version).unwrap_or(i64::MAX).into()),
            ("withdrawals", Node::map(withdrawals)),
        ])
    }
}

impl Withdrawal {
    fn to_node(&self) -> Node {
        Node::map([
            ("amount", Node::from(self.amount)),
            ("fee", self.fee.into()),
            ("net", self.net().into()),
            ("payout", self.payout.as_ref().map(Node::from).into()),
            ("requested_at", self.requested_at.ms().into()),
            ("state", self.state.name().into()),
            ("tax", self.tax.into()),
        ])
    }
}

impl Payout {
    fn to_node(&self) -> Node {
        Node::map([
            ("attempts", Node::from(i64::from(self.attempts))),
            ("expires_at", self.expires_at.map(Timestamp::ms).into()),
            ("paid", self.paid.into()),
            ("state", self.state.name().into()),
            ("transaction_id", self.transaction_id.as_ref().map(Node::from).into()),
            ("withdrawal_id", (&self.withdrawal_id).into()),
        ])
    }
}

impl Transfer {
    fn to_node(&self) -> Node {
        Node::map([
            ("amount", Node::from(self.amount)),
            ("payout_id", (&self.payout_id).into()),
            ("returned", self.returned.into()),
        ])
    }
}

impl Conflict {
    fn to_node(&self) -> Node {
        Node::map([
            ("amount", Node::from(self.amount)),
            ("payout_id", (&self.payout_id).into()),
            ("reported", self.reported.name().into()),
            ("resolved", self.resolved.into()),
            ("transaction_id", self.transaction_id.as_ref().map(Node::from).into()),
        ])
    }
}

/// When a payout lapses unless the member accepts it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline {
    /// When.
    pub at: Timestamp,
    /// Which payout.
    pub payout_id: PayoutId,
}

/// What time alone will do to a wallet, the next first.
#[must_use]
pub fn deadlines(wallet: &Wallet) -> Vec<Deadline> {
    let waiting = wallet.payouts.iter().filter(|(_, payout)| payout.state == PayoutState::AwaitingPayee);
    let mut deadlines: Vec<_> = waiting
        .filter_map(|(id, payout)| Some(Deadline { at: payout.expires_at?, payout_id: id.clone() }))
        .collect();
    deadlines.sort_unstable();
    deadlines
}
