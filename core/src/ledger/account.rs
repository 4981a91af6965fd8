//! Accounts and their stable text form.

use crate::error::{Code, Error, Result};
use crate::id::MemberId;
use crate::money::Money;
use std::fmt;
use std::str::FromStr;

macro_rules! words {
    ($($(#[$doc:meta])* $kind:ident { $($(#[$word_doc:meta])* $name:ident = $text:literal,)+ })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $kind { $($(#[$word_doc])* $name,)+ }

        impl $kind {
            /// Every account of this kind.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The word used in data.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The account with this word.
            ///
            /// # Errors
            /// [`Code::InvalidJournal`] names the word.
            pub fn parse(word: &str) -> Result<Self> {
                let unknown = || Error::new(Code::InvalidJournal, format!("unknown account {word:?}"));
                Self::ALL.iter().copied().find(|known| known.name() == word).ok_or_else(unknown)
            }
        }
    )+};
}

words! {
    /// An account of the mall. Mall accounts may stand on either side of zero.
    MallAccount {
        /// What commission has cost so far, below zero.
        CommissionExpense = "commission_expense",
        /// What plans offered and nobody got.
        Retained = "retained",
        /// Fees kept from payouts.
        Fee = "fee",
        /// Tax kept from payouts.
        TaxWithheld = "tax_withheld",
        /// What left for members' own bank accounts.
        PaidOut = "paid_out",
        /// Manual adjustments, below zero where they gave.
        Adjustment = "adjustment",
    }
    /// An account of a member. Only [`MemberAccount::Debt`] is ever below zero, and it is never above.
    MemberAccount {
        /// 待结算: the sale may still be refunded in the ordinary way.
        Pending = "pending",
        /// 已确认: the after-sale window is over.
        Confirmed = "confirmed",
        /// 可提现: may be withdrawn.
        Available = "available",
        /// 提现中: set aside for a payout that is under way.
        Reserved = "reserved",
        /// 欠款: paid to the member and taken back since; zero or below.
        Debt = "debt",
        /// 待结算（冻结）: pending, and held.
        HeldPending = "held_pending",
        /// 已确认（冻结）: confirmed, and held.
        HeldConfirmed = "held_confirmed",
        /// 可提现（冻结）: available, and held: it cannot be withdrawn.
        HeldAvailable = "held_available",
    }
}

impl MemberAccount {
    /// The accounts commission passes through, each with the one that holds what is frozen on the way.
    pub const STAGES: [(Self, Self); 3] = [
        (Self::Pending, Self::HeldPending),
        (Self::Confirmed, Self::HeldConfirmed),
        (Self::Available, Self::HeldAvailable),
    ];

    /// Where what stands here goes while it is held; `None` where nothing can be held.
    #[must_use]
    pub fn held(self) -> Option<Self> {
        Self::STAGES.iter().find(|(free, _)| *free == self).map(|(_, held)| *held)
    }

    /// Where what is held here stands without the hold; any other account is its own.
    #[must_use]
    pub fn unheld(self) -> Self {
        Self::STAGES.iter().find(|(_, held)| *held == self).map_or(self, |(free, _)| *free)
    }

    /// Whether only a wallet's events may post here, so that it equals the claims they answer for.
    #[must_use]
    pub const fn is_claimed(self) -> bool {
        matches!(self, Self::Reserved | Self::HeldPending | Self::HeldConfirmed | Self::HeldAvailable)
    }
}

/// An account; in text `mall:retained` or `member:<id>:pending`.
///
/// ```
/// use fenrun::id::MemberId;
/// use fenrun::ledger::{Account, MemberAccount};
/// let account = Account::member(&MemberId::new("u:7")?, MemberAccount::Pending);
/// assert_eq!(account.to_string(), "member:u:7:pending");
/// assert_eq!("member:u:7:pending".parse::<Account>()?, account);
/// # Ok::<(), fenrun::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Account {
    /// Of the mall.
    Mall(MallAccount),
    /// Of a member.
    Member(MemberId, MemberAccount),
}

impl Account {
    /// An account of a member.
    #[must_use]
    pub fn member(id: &MemberId, account: MemberAccount) -> Self {
        Self::Member(id.clone(), account)
    }

    /// The member whose account this is.
    #[must_use]
    pub const fn owner(&self) -> Option<&MemberId> {
        match self {
            Self::Mall(_) => None,
            Self::Member(id, _) => Some(id),
        }
    }

    /// The law of a balance: a debt is never above zero, any other account of a member never below.
    ///
    /// # Errors
    /// [`Code::InsufficientBalance`] names the account and the balance it would get.
    pub fn check_balance(&self, balance: Money) -> Result<()> {
        let rule = match self {
            Self::Member(_, MemberAccount::Debt) if balance.minor() > 0 => "a debt is never above zero",
            Self::Member(_, account) if *account != MemberAccount::Debt && balance.minor() < 0 => {
                "it may not fall below zero"
            }
            _ => return Ok(()),
        };
        Err(Error::new(Code::InsufficientBalance, format!("account {self} would stand at {balance}; {rule}")))
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mall(account) => write!(f, "mall:{}", account.name()),
            Self::Member(id, account) => write!(f, "member:{id}:{}", account.name()),
        }
    }
}

impl FromStr for Account {
    type Err = Error;

    /// Reads the text form. A member's id may hold colons; the last part is the account.
    fn from_str(text: &str) -> Result<Self> {
        let unknown = || {
            let rule = "an account is mall:<account> or member:<id>:<account>";
            Error::new(Code::InvalidJournal, format!("unknown account {text:?}; {rule}"))
        };
        if let Some(word) = text.strip_prefix("mall:") {
            return MallAccount::parse(word).map(Self::Mall).map_err(|_| unknown());
        }
        let member = text.strip_prefix("member:").ok_or_else(unknown)?;
        let (id, word) = member.rsplit_once(':').ok_or_else(unknown)?;
        let account = MemberAccount::parse(word).map_err(|_| unknown())?;
        Ok(Self::Member(MemberId::new(id)?, account))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_account_reads_back() {
        let mall = MallAccount::ALL.iter().map(|account| Account::Mall(*account));
        let ids = ["1", "u:7", "pending", "member:1:debt", ":"].map(|id| MemberId::new(id).unwrap());
        let members =
            ids.iter().flat_map(|id| MemberAccount::ALL.iter().map(move |a| Account::member(id, *a)));
        for account in mall.chain(members) {
            assert_eq!(account.to_string().parse::<Account>().unwrap(), account);
        }
    }

    #[test]
    fn unknown_accounts_are_refused() {
        for text in
            ["", "mall:", "mall:cash", "member:1", "member::pending", "member:1:paid", "shop:1:pending"]
        {
            assert!(text.parse::<Account>().is_err(), "{text:?}");
        }
    }
}
