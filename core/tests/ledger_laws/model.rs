//! A naive ledger with at most one planted fault.

use super::Fault::*;
use super::{Balances, Book, CNY, Key, Request};
use fenrun::ledger::{Account, MallAccount, MemberAccount, Posted, Posting, TakeBack};
use fenrun::money::Currency;
use fenrun::{Code, Result};
use std::collections::{BTreeMap, BTreeSet};

/// A mistake an implementer may make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    // Balance of a journal.
    SumsAcrossCurrencies,
    ChecksFirstCurrencyOnly,
    AcceptsOffByOne,
    AcceptsLossOfMoney,
    IgnoresMemberPostings,
    AcceptsEmpty,
    // Balances are sums of postings.
    LastOfAnAccountWins,
    FirstOfAnAccountWins,
    DropsTheLastPosting,
    MixesCurrencies,
    LosesOddMinorUnit,
    ForgetsDebt,
    // Replay.
    PostsRepeats,
    CallsRepeatsNew,
    TakesConflictsForRepeats,
    PostsConflicts,
    ForgetsTheLastId,
    RemembersRefusedIds,
    ComparesSizesOnly,
    // Order.
    DropsEveryThird,
    FirstJournalCountsTwice,
    StopsAtTwenty,
    HalvesAfterTen,
    LastJournalWins,
    // Floors.
    ChecksBalanceBefore,
    AllowsOneBelow,
    ChecksPendingOnly,
    ChecksFirstPostingOnly,
    ChecksOneCurrency,
    LetsDebtRise,
    NeverChecksFloors,
    // Whole or not at all.
    AppliesUntilRefused,
    AppliesGainsFirst,
    AppliesMallAnyway,
    ClampsAtZero,
    KeepsOtherCurrency,
    AppliesFirstAnyway,
    // Taking back.
    TakesBelowZero,
    TakesAllAsDebt,
    ForgivesWhatIsGone,
    ReadsBalanceOnce,
    LeavesRetained,
    DropsGains,
    TakesPendingAsDebt,
    TakesOneTooFew,
}

/// The naive model: lists and linear scans, and at most one planted fault.
#[derive(Default)]
pub(crate) struct Model {
    fault: Option<Fault>,
    journals: Vec<(String, Vec<(Key, i64)>)>,
    refused: BTreeSet<String>,
    balances: Balances,
}

impl Model {
    pub(crate) fn with(fault: Fault) -> Self {
        Self { fault: Some(fault), ..Self::default() }
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }

    fn check_sums(&self, postings: &[Posting]) -> Result<(), Code> {
        let mut sums: BTreeMap<Currency, i64> = BTreeMap::new();
        for posting in postings {
            if self.has(IgnoresMemberPostings) && posting.account.owner().is_some() {
                continue;
            }
            let currency = if self.has(SumsAcrossCurrencies) { CNY } else { posting.amount.currency() };
            *sums.entry(currency).or_default() += posting.amount.minor();
        }
        let refused = |sum: i64| match self.fault {
            Some(AcceptsOffByOne) => sum.abs() > 1,
            Some(AcceptsLossOfMoney) => sum > 0,
            _ => sum != 0,
        };
        let looked_at = if self.has(ChecksFirstCurrencyOnly) { 1 } else { usize::MAX };
        if sums.into_values().take(looked_at).any(refused) { Err(Code::Unbalanced) } else { Ok(()) }
    }

    fn merge(&self, postings: &[Posting]) -> Vec<(Key, i64)> {
        let mut merged: BTreeMap<Key, i64> = BTreeMap::new();
        let kept = postings.len() - usize::from(self.has(DropsTheLastPosting) && postings.len() > 2);
        for posting in &postings[..kept] {
            let currency = if self.has(MixesCurrencies) { CNY } else { posting.amount.currency() };
            let sum = merged.entry((posting.account.clone(), currency)).or_default();
            match self.fault {
                Some(LastOfAnAccountWins) => *sum = posting.amount.minor(),
                Some(FirstOfAnAccountWins) if *sum != 0 => {}
                Some(LosesOddMinorUnit) => *sum += posting.amount.minor() / 2 * 2,
                Some(ForgetsDebt) if matches!(posting.account, Account::Member(_, MemberAccount::Debt)) => {}
                _ => *sum += posting.amount.minor(),
            }
        }
        merged.retain(|_, minor| *minor != 0);
        merged.into_iter().collect()
    }

    fn known(&self, id: &str, content: &[(Key, i64)]) -> Option<Result<Posted, Code>> {
        let skipped = usize::from(self.has(ForgetsTheLastId));
        let journals = &self.journals[..self.journals.len().saturating_sub(skipped)];
        if self.has(RemembersRefusedIds) && self.refused.contains(id) {
            return Some(Ok(Posted::Repeat));
        }
        let (_, stored) = journals.iter().find(|(known, _)| known == id)?;
        let same = match self.fault {
            Some(TakesConflictsForRepeats) => true,
            Some(ComparesSizesOnly) => stored.len() == content.len(),
            _ => stored == content,
        };
        match (same, self.fault) {
            (true, Some(PostsRepeats)) | (false, Some(PostsConflicts)) => None,
            (true, Some(CallsRepeatsNew)) => Some(Ok(Posted::New)),
            (true, _) => Some(Ok(Posted::Repeat)),
            (false, _) => Some(Err(Code::JournalConflict)),
        }
    }

    fn breaks_floor(&self, position: usize, (account, currency): &Key, after: i64, moved: i64) -> bool {
        let Account::Member(_, kind) = account else { return false };
        let skipped = match self.fault {
            Some(NeverChecksFloors) => true,
            Some(ChecksPendingOnly) => *kind != MemberAccount::Pending,
            Some(ChecksFirstPostingOnly) => position > 0,
            Some(ChecksOneCurrency) => *currency != CNY,
            Some(LetsDebtRise) => *kind == MemberAccount::Debt,
            _ => false,
        };
        let seen = if self.has(ChecksBalanceBefore) { after - moved } else { after };
        let floor = if self.has(AllowsOneBelow) { -1 } else { 0 };
        !skipped && if *kind == MemberAccount::Debt { seen > 0 } else { seen < floor }
    }

    fn gain(&self, moved: i64) -> i64 {
        let position = self.journals.len();
        match self.fault {
            Some(DropsEveryThird) if position % 3 == 2 => 0,
            Some(FirstJournalCountsTwice) if position == 0 => 2 * moved,
            Some(HalvesAfterTen) if position >= 10 => moved / 2,
            _ => moved,
        }
    }

    fn apply(&mut self, content: &[(Key, i64)]) -> Result<(), Code> {
        let mut after = self.balances.clone();
        for (position, (key, minor)) in content.iter().enumerate() {
            let balance = after.entry(key.clone()).or_default();
            *balance += self.gain(*minor);
            match self.fault {
                Some(StopsAtTwenty) => *balance = (*balance).clamp(-20, 20),
                Some(LastJournalWins) => *balance = *minor,
                _ => {}
            }
            let balance = *balance;
            if self.breaks_floor(position, key, balance, *minor) {
                self.spoil(content, position);
                return Err(Code::InsufficientBalance);
            }
        }
        self.balances = after;
        Ok(())
    }

    /// What a faulty implementation leaves behind when it refuses a journal.
    fn spoil(&mut self, content: &[(Key, i64)], position: usize) {
        let fault = self.fault;
        for (at, (key, minor)) in content.iter().enumerate() {
            let balance = self.balances.get(key).copied().unwrap_or(0);
            let left = match fault {
                Some(AppliesUntilRefused) if at < position => balance + minor,
                Some(AppliesGainsFirst) if *minor > 0 => balance + minor,
                Some(AppliesMallAnyway) if key.0.owner().is_none() => balance + minor,
                Some(ClampsAtZero) if at == position => 0,
                Some(KeepsOtherCurrency) if key.1 != CNY => balance + minor,
                Some(AppliesFirstAnyway) if at == 0 => balance + minor,
                _ => continue,
            };
            self.balances.insert(key.clone(), left);
        }
    }

    /// Where one take lands, from the words of the law and not from the engine.
    fn split(&self, take: &TakeBack, read: i64, debt: i64) -> Vec<(MemberAccount, i64)> {
        let at_once = take.from == MemberAccount::Pending || take.from == MemberAccount::Confirmed;
        let minor = match self.fault {
            Some(DropsGains) if take.minor < 0 => 0,
            Some(TakesOneTooFew) => take.minor - 1,
            _ => take.minor,
        };
        match self.fault {
            Some(TakesAllAsDebt) if !at_once && minor > 0 => return vec![(MemberAccount::Debt, -minor)],
            Some(TakesPendingAsDebt) if at_once && minor > 0 => return vec![(MemberAccount::Debt, -minor)],
            _ => {}
        }
        if at_once || (take.from == MemberAccount::Available && minor <= 0) || self.has(TakesBelowZero) {
            return vec![(take.from, -minor)];
        }
        if take.from == MemberAccount::Available {
            let there = minor.min(read.max(0));
            let gone = if self.has(ForgivesWhatIsGone) { 0 } else { minor - there };
            return vec![(MemberAccount::Available, -there), (MemberAccount::Debt, -gone)];
        }
        if minor > 0 {
            return vec![(MemberAccount::Debt, -minor)];
        }
        let repaid = (-minor).min(-debt);
        vec![(MemberAccount::Debt, repaid), (MemberAccount::Available, -minor - repaid)]
    }
}

impl Book for Model {
    fn post(&mut self, request: &Request) -> Result<Posted, Code> {
        self.check_sums(&request.postings)?;
        let content = self.merge(&request.postings);
        if content.is_empty() && !self.has(AcceptsEmpty) {
            return Err(Code::InvalidJournal);
        }
        if let Some(answer) = self.known(&request.id, &content) {
            return answer;
        }
        if let Err(code) = self.apply(&content) {
            self.refused.insert(request.id.clone());
            return Err(code);
        }
        self.journals.push((request.id.clone(), content));
        Ok(Posted::New)
    }

    fn take_back(&mut self, _id: &str, takes: &[TakeBack], retained: i64) -> Result<Posted, Code> {
        let mut running = self.balances.clone();
        for take in takes {
            let source = if self.has(ReadsBalanceOnce) { &self.balances } else { &running };
            let read = |kind| source.get(&(Account::member(&take.member, kind), CNY)).copied().unwrap_or(0);
            let parts = self.split(take, read(take.from), read(MemberAccount::Debt));
            for (kind, minor) in parts {
                let account = Account::member(&take.member, kind);
                let after = pay(&mut running, account, minor);
                let at_once = kind == MemberAccount::Pending || kind == MemberAccount::Confirmed;
                if at_once && after < 0 && !self.has(TakesBelowZero) {
                    return Err(Code::InsufficientBalance);
                }
            }
        }
        if !self.has(LeavesRetained) {
            pay(&mut running, Account::Mall(MallAccount::Retained), -retained);
        }
        self.balances = running;
        Ok(Posted::New)
    }

    fn balances(&self) -> Balances {
        self.balances
            .iter()
            .filter(|(_, minor)| **minor != 0)
            .map(|(key, minor)| (key.clone(), *minor))
            .collect()
    }
}

/// Moves an amount from the mall's expense to an account and tells the account's balance.
fn pay(balances: &mut Balances, account: Account, minor: i64) -> i64 {
    *balances.entry((Account::Mall(MallAccount::CommissionExpense), CNY)).or_default() -= minor;
    let balance = balances.entry((account, CNY)).or_default();
    *balance += minor;
    *balance
}
