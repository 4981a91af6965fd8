//! What events post.

use super::event::{Event, EventData, Moves};
use crate::error::{Code, Error, Result};
use crate::id::JournalId;
use crate::ledger::{Account, Journal, MallAccount, MemberAccount, Posting};

impl Moves {
    /// The move between accounts of the member alone.
    pub(super) fn between(from: MemberAccount, minor: i64, to: MemberAccount) -> Self {
        Self::of(vec![(from, -minor), (to, minor)])
    }

    /// Parts merged by account, in order, without zeros.
    pub(super) fn of(parts: Vec<(MemberAccount, i64)>) -> Self {
        let merged =
            parts.into_iter().fold(std::collections::BTreeMap::new(), |mut sums, (account, minor)| {
                *sums.entry(account).or_insert(0_i64) += minor;
                sums
            });
        Self { member: merged.into_iter().filter(|(_, minor)| *minor != 0).collect(), ..Self::default() }
    }

    /// What moves on one account of the member.
    #[must_use]
    pub fn on(&self, account: MemberAccount) -> i64 {
        self.member.iter().find(|(known, _)| *known == account).map_or(0, |(_, minor)| *minor)
    }
}

impl Event {
    /// The journal of the event; `None` when it moves no money.
    ///
    /// # Errors
    /// [`Code::Unbalanced`] when its moves do not sum to zero: the event was not made by
    /// [`decide`](super::decide).
    pub fn journal(&self) -> Result<Option<Journal>> {
        let moves = match &self.data {
            EventData::WithdrawalRequested { amount, .. } => {
                &Moves::between(MemberAccount::Available, *amount, MemberAccount::Reserved)
            }
            EventData::HoldPlaced { account: Some(account), amount, .. } => {
                let held = account.held().ok_or_else(|| {
                    Error::new(Code::InvalidEvent, format!("nothing can be held on {}", account.name()))
                })?;
                &Moves::between(*account, *amount, held)
            }
            EventData::WithdrawalRejected { moves, .. }
            | EventData::WithdrawalCancelled { moves, .. }
            | EventData::PayoutSucceeded { moves, .. }
            | EventData::ConflictResolved { moves, .. }
            | EventData::HoldReleased { moves, .. }
            | EventData::AdjustmentApproved { moves, .. } => moves,
            _ => return Ok(None),
        };
        let wallet = &self.header.wallet;
        let id = JournalId::new(&format!("wallet:{}", self.event_id()))?;
        let mall = [
            (MallAccount::PaidOut, moves.paid_out),
            (MallAccount::Fee, moves.fee),
            (MallAccount::TaxWithheld, moves.tax),
            (MallAccount::Adjustment, moves.adjustment),
        ];
        let mall = mall.map(|(account, minor)| Posting::new(Account::Mall(account), minor, wallet.currency));
        let member = moves.member.iter().map(|(account, minor)| {
            Posting::new(Account::member(&wallet.member, *account), *minor, wallet.currency)
        });
        Journal::unless_empty(id, self.header.at, self.data.name(), mall.into_iter().chain(member))
    }
}
