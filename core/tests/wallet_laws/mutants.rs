//! Machines with one fault each.

use crate::machine::{Book, Commission, Machine, Run, Shown, mine};
use fenrun::doc::Node;
use fenrun::id::{ExternalId, PayoutId, WithdrawalId};
use fenrun::ledger::wallet::{
    Action, Command, Decision, Envelope, Event, EventData, Moves, Payout, PayoutState, Policy, TaxOf,
    Verdict as Finding, Wallet, WithdrawalState, decide, evolve,
};
use fenrun::ledger::{Account, Journal, MallAccount, MemberAccount, Period, Posting};
use fenrun::money::{Money, Rounding};
use fenrun::request::Reason;
use fenrun::time::Timestamp;
use fenrun::{Code, Result};
use std::sync::Arc;

macro_rules! faults {
    ($($name:ident,)+) => {
        /// What a mutant does wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Fault { $($name,)+ }
    };
}

faults! {
    // What events post.
    DropsFee, DoublesPayout, ForgetsTheReserve, LosesOddUnit, DebtVanishes, PostsToOthers, FeeFromNowhere,
    AdjustsTwice, ForgivesOverpayment, TaxBecomesFee, ReservesHalf, FailureReturns, LapseReturns,
    ApprovalReturns, CancelKeepsReserve, ReleaseKeepsHeld, HoldsTwice, RejectionPosts, ProposalPosts,
    ApprovalPostsNothing, HoldForfeits, FreesAnotherStage,
    // What commission posts.
    EarnsTwice, ForgetsReversals, HalvesReversals,
    // What is decided.
    OverdrawsOnRequest, HoldsMoreThanStands, ReturnsPastTheDebt, AdjustsBelowZero, FreesPastTheDebt,
    GivesPastTheDebt, ActsAgainOnRepeat, TakesClashForRepeat, RetryIsAClash, RepeatShowsTheWholeLog,
    StartsSecondPayout, LateSuccessPays, AnyAmountPays, LapsesEarly, ConflictIsSilent, PaysOverConflicts,
    RetryDrawsNewId, ReturnsTwice, ReturnsAnotherAmount, PaysTheTransactionAgain, IgnoresTheExtension,
    PaysWhatWentElsewhere, KeepsFeeOfReturned, KeepsTaxOfReturned, ReturnsToHand, BounceEndsTheWithdrawal,
    ForgetsIdleCommands, ApprovesOwn, ReasonIsOptional, IgnoresMin, IgnoresMax, IgnoresDailyCount,
    IgnoresDailyAmount, FeeUnbounded, TaxesTheFee, RoundsDown, CountsUtcDays, CountsWhatIsVoid, BanIsIgnored,
    HeldCanBeWithdrawn, ReleasesEverything,
    // What depends on the order of reports.
    DuplicatesReserveAgain, OnlyFirstPayoutIsHeard, SecondFailureLapses, StopsAfterFailure,
    SuccessBlocksLapses, PayoutsInOrderOnly,
    // What a refused command leaves behind.
    RefusedRequestReserves, RefusedPayPosts,
    // Storing.
    DropsTime, DropsReason, RoundsMoves, DropsExpiry, DropsFeeOfRequest, DropsTransaction,
    // Statements.
    ForgetsOpening, CountsTheEnd, ForgetsFees, HidesReversals, NetsDebts, CountsRequestsAsPaid,
}

pub(crate) struct Mutant(pub(crate) Fault);

impl Machine for Mutant {
    fn decide(&self, run: &Run<'_>, command: &Command) -> Result<Decision> {
        let rewritten = self.rewrite(command);
        let decision = decide(&self.seen(run, &rewritten), &rewritten);
        self.verdict(run, command, decision)
    }

    /// What a mutant decides need not fold: then only the log shows it.
    fn evolve(&self, wallet: Wallet, event: &Event) -> Result<Wallet> {
        if let Ok(next) = evolve(wallet.clone(), event) {
            return Ok(next);
        }
        let mut balances: Vec<_> =
            MemberAccount::ALL.iter().map(|kind| (*kind, wallet.balance(*kind))).collect();
        for posting in event.journal().ok().flatten().iter().flat_map(Journal::postings) {
            for (kind, minor) in &mut balances {
                *minor += if posting.account == mine(*kind) { posting.amount.minor() } else { 0 };
            }
        }
        let mut claims = wallet.clone();
        Ok(if claims.fold(event).is_ok() { claims.standing_on(balances) } else { wallet })
    }

    fn postings(&self, event: &Event) -> Vec<Posting> {
        let sound =
            event.journal().ok().flatten().map(|journal| journal.postings().to_vec()).unwrap_or_default();
        self.posted(&event.data, sound)
    }

    fn commission(&self, what: Commission, journal: &Journal) -> Vec<Posting> {
        let sound = journal.postings().to_vec();
        match (self.0, what) {
            (Fault::EarnsTwice, Commission::Earned) => scaled(&sound, 2, 1),
            (Fault::ForgetsReversals, Commission::TakenBack(_)) => Vec::new(),
            (Fault::HalvesReversals, Commission::TakenBack(_)) => scaled(&sound, 1, 2),
            _ => sound,
        }
    }

    fn refused(&self, book: &mut Book, command: &Command) {
        match (self.0, command.action()) {
            (Fault::RefusedRequestReserves, Action::Request { .. }) => {
                *book.entry(mine(MemberAccount::Reserved)).or_default() += 1;
            }
            (Fault::RefusedPayPosts, Action::Pay { .. }) => {
                *book.entry(Account::Mall(MallAccount::PaidOut)).or_default() += 1;
            }
            _ => {}
        }
    }

    fn store(&self, event: &Event) -> Node {
        let mut node = event.to_node();
        let Node::Map(map) = &mut node else { return node };
        if self.0 == Fault::DropsTime {
            map.insert("at".into(), Node::Int(0));
        }
        let Some(Node::Map(data)) = map.get_mut("data") else { return node };
        let mut put = |key: &str, value: Node| {
            if data.contains_key(key) {
                data.insert(key.into(), value);
            }
        };
        match self.0 {
            Fault::DropsReason => put("reason", "".into()),
            Fault::DropsExpiry => put("expires_at", Node::Int(0)),
            Fault::DropsFeeOfRequest => put("fee", Node::Int(0)),
            Fault::DropsTransaction => put("transaction_id", "none".into()),
            Fault::RoundsMoves => {
                if let Some(Node::Map(moves)) = data.get_mut("moves") {
                    for node in moves.values_mut() {
                        if let Node::Int(minor) = node {
                            *minor = *minor / 2 * 2;
                        }
                    }
                }
            }
            _ => {}
        }
        node
    }

    fn statement(&self, period: Period, journals: &[Journal]) -> Shown {
        let late = Timestamp::from_ms(12 * 3_600_000);
        let to = period.to.map(|to| Timestamp::from_ms(to.ms() + late.ms()));
        let period = if self.0 == Fault::CountsTheEnd { Period { to, ..period } } else { period };
        let mut shown = crate::machine::Engine.statement(period, journals);
        match self.0 {
            Fault::ForgetsOpening => shown.opening.values_mut().for_each(|minor| *minor = 0),
            Fault::ForgetsFees => _ = shown.sums.insert("fees", 0),
            Fault::HidesReversals => _ = shown.sums.insert("reversed", 0),
            Fault::NetsDebts => _ = shown.sums.insert("debt_opened", 0),
            Fault::CountsRequestsAsPaid => {
                let requested = shown.sums["requested"];
                *shown.sums.get_mut("withdrawn").unwrap() -= requested;
            }
            _ => {}
        }
        shown
    }
}

fn scaled(postings: &[Posting], by: i64, over: i64) -> Vec<Posting> {
    let scale = |posting: &Posting| Posting {
        account: posting.account.clone(),
        amount: Money::new(posting.amount.minor() * by / over, posting.amount.currency()),
    };
    postings.iter().map(scale).collect()
}

/// The postings with every account another one.
fn redirected(postings: Vec<Posting>, to: impl Fn(&Account) -> Account) -> Vec<Posting> {
    postings.into_iter().map(|posting| Posting { account: to(&posting.account), ..posting }).collect()
}

fn pair(from: Account, to: Account) -> Vec<Posting> {
    let currency = crate::machine::CNY;
    vec![Posting::new(from, -1, currency), Posting::new(to, 1, currency)]
}

impl Mutant {
    fn posted(&self, data: &EventData, mut sound: Vec<Posting>) -> Vec<Posting> {
        let (reserved, available) = (mine(MemberAccount::Reserved), mine(MemberAccount::Available));
        let mall = Account::Mall;
        let is = |posting: &Posting, account: MallAccount| posting.account == mall(account);
        match (self.0, data) {
            (Fault::DropsFee, _) => sound.retain(|posting| !is(posting, MallAccount::Fee)),
            (Fault::ForgetsTheReserve, EventData::PayoutSucceeded { .. }) => {
                sound.retain(|posting| posting.account != reserved);
            }
            (Fault::DebtVanishes, _) => sound.retain(|posting| posting.account != mine(MemberAccount::Debt)),
            (Fault::LosesOddUnit, _) => return scaled(&scaled(&sound, 1, 2), 2, 1),
            (Fault::PostsToOthers, EventData::WithdrawalRequested { .. }) => {
                let other = Account::member(&8.into(), MemberAccount::Reserved);
                return redirected(
                    sound,
                    |account| if *account == reserved { other.clone() } else { account.clone() },
                );
            }
            (Fault::DoublesPayout, EventData::PayoutSucceeded { .. })
            | (Fault::AdjustsTwice, EventData::AdjustmentApproved { .. })
            | (Fault::HoldsTwice, EventData::HoldPlaced { .. }) => return scaled(&sound, 2, 1),
            (Fault::ReservesHalf, EventData::WithdrawalRequested { .. }) => return scaled(&sound, 1, 2),
            (Fault::FeeFromNowhere, EventData::PayoutSucceeded { .. }) => {
                sound.extend(pair(mall(MallAccount::CommissionExpense), mall(MallAccount::Fee)));
            }
            (Fault::TaxBecomesFee, _) => {
                let (tax, fee) = (mall(MallAccount::TaxWithheld), mall(MallAccount::Fee));
                return redirected(
                    sound,
                    |account| if *account == tax { fee.clone() } else { account.clone() },
                );
            }
            (Fault::ForgivesOverpayment, EventData::ConflictResolved { .. }) => {
                let (debt, expense) = (mine(MemberAccount::Debt), mall(MallAccount::CommissionExpense));
                return redirected(
                    sound,
                    |account| if *account == debt { expense.clone() } else { account.clone() },
                );
            }
            (Fault::FailureReturns, EventData::PayoutFailed { .. })
            | (Fault::LapseReturns, EventData::PayoutLapsed { .. })
            | (Fault::ApprovalReturns, EventData::WithdrawalApproved { .. }) => {
                return pair(reserved, available);
            }
            (Fault::RejectionPosts, EventData::AdjustmentRejected { .. })
            | (Fault::ProposalPosts, EventData::AdjustmentProposed { .. }) => {
                return pair(mall(MallAccount::Adjustment), available);
            }
            (Fault::CancelKeepsReserve, EventData::WithdrawalCancelled { .. })
            | (Fault::ReleaseKeepsHeld, EventData::HoldReleased { .. })
            | (Fault::ApprovalPostsNothing, EventData::AdjustmentApproved { .. }) => return Vec::new(),
            (Fault::HoldForfeits, EventData::HoldPlaced { .. }) => {
                let held =
                    |account: &Account| matches!(account, Account::Member(_, kind) if kind.unheld() != *kind);
                let expense = mall(MallAccount::CommissionExpense);
                return redirected(
                    sound,
                    |account| if held(account) { expense.clone() } else { account.clone() },
                );
            }
            (Fault::FreesAnotherStage, EventData::HoldReleased { .. }) => {
                let pending = mine(MemberAccount::Pending);
                return redirected(sound, |account| {
                    if *account == pending { available.clone() } else { account.clone() }
                });
            }
            _ => {}
        }
        sound
    }

    /// The command as the mutant understands it.
    fn rewrite(&self, command: &Command) -> Command {
        let header = command.header();
        let again = |actor: &ExternalId, action: Action| {
            let envelope = Envelope {
                wallet: header.wallet.clone(),
                expected_version: command.expected_version(),
                command_id: header.command_id.clone(),
                actor: actor.clone(),
                now: header.at,
            };
            Command::new(envelope, action)
        };
        match (self.0, command.action().clone()) {
            (Fault::ApprovesOwn, action @ Action::ApproveAdjustment { .. }) => {
                again(&ExternalId::new("somebody").unwrap(), action)
            }
            (Fault::ReasonIsOptional, Action::ProposeAdjustment { adjustment_id, amount, .. }) => {
                let reason = Reason::new("x").unwrap();
                again(&header.actor, Action::ProposeAdjustment { adjustment_id, amount, reason })
            }
            (_, Action::Request { withdrawal_id, amount, policy }) => {
                let policy = self.policy(policy);
                again(&header.actor, Action::Request { withdrawal_id, amount, policy })
            }
            _ => command.clone(),
        }
    }

    fn policy(&self, mut policy: Policy) -> Policy {
        match self.0 {
            Fault::IgnoresMin => policy.min = 1,
            Fault::IgnoresMax => policy.max = None,
            Fault::IgnoresDailyCount => policy.daily_count = None,
            Fault::IgnoresDailyAmount => policy.daily_amount = None,
            Fault::FeeUnbounded => policy.fee.max = None,
            Fault::TaxesTheFee => policy.tax.of = TaxOf::Amount,
            Fault::RoundsDown => policy.tax.rounding = Rounding::Down,
            Fault::CountsUtcDays => policy.utc_offset_minutes = 0,
            _ => {}
        }
        policy
    }

    /// The wallet as the mutant sees it.
    fn seen(&self, run: &Run<'_>, command: &Command) -> Wallet {
        let more = |add: &dyn Fn(MemberAccount) -> i64| {
            let balances =
                MemberAccount::ALL.iter().map(|kind| (*kind, run.wallet.balance(*kind) + add(*kind)));
            run.wallet.clone().standing_on(balances.collect::<Vec<_>>())
        };
        match (self.0, command.action()) {
            (Fault::OverdrawsOnRequest, Action::Request { .. })
            | (Fault::HoldsMoreThanStands, Action::Hold { amount: Some(_), .. }) => more(&|_| 50),
            (Fault::HeldCanBeWithdrawn, Action::Request { .. }) => more(&|kind| match kind {
                MemberAccount::Available => run.wallet.balance(MemberAccount::HeldAvailable),
                _ => 0,
            }),
            (Fault::PaysWhatWentElsewhere, _) => run.wallet.clone().beside([]),
            _ => run.wallet.clone(),
        }
    }

    fn verdict(&self, run: &Run<'_>, command: &Command, decision: Result<Decision>) -> Result<Decision> {
        let known = run.log.iter().find(|event| event.header.command_id == command.header().command_id);
        match (self.0, decision) {
            (Fault::ActsAgainOnRepeat, Ok(Decision::Repeat { .. })) => {
                let fresh = run.next("ann", command.action().clone());
                decide(&run.wallet, &fresh)
            }
            (Fault::TakesClashForRepeat, Err(error)) if error.code() == Code::IdempotencyConflict => {
                let seq = known.map_or(1, |event| event.seq);
                Ok(Decision::Repeat { first_seq: seq, last_seq: seq })
            }
            (Fault::CountsWhatIsVoid, Ok(Decision::Accepted(_))) if Self::is_too_many(run, command) => {
                Err(fenrun::Error::new(Code::WithdrawalLimit, "too many"))
            }
            (Fault::RetryIsAClash, Ok(Decision::Repeat { .. })) => {
                Err(fenrun::Error::new(Code::IdempotencyConflict, "a retry"))
            }
            (Fault::RepeatShowsTheWholeLog, Ok(Decision::Repeat { .. })) => {
                Ok(Decision::Repeat { first_seq: 1, last_seq: run.wallet.version() })
            }
            (_, decision) => match self.instead(run, command, decision.as_ref().ok()) {
                Some(data) => Ok(Decision::Accepted(events(run, command, data))),
                None => decision,
            },
        }
    }

    /// Whether a withdrawal is one too many for somebody who counts those that came to nothing.
    fn is_too_many(run: &Run<'_>, command: &Command) -> bool {
        let Action::Request { policy, .. } = command.action() else { return false };
        let day = policy.day(command.header().at);
        let asked = run.wallet.withdrawals().values().filter(|other| other.day == day).count();
        policy.daily_count.is_some_and(|most| asked >= usize::try_from(most).unwrap())
    }

    /// The events the mutant makes of a command, where they differ.
    fn instead(&self, run: &Run<'_>, command: &Command, sound: Option<&Decision>) -> Option<Vec<EventData>> {
        let made: Option<Vec<EventData>> = match sound {
            Some(Decision::Accepted(events)) => Some(events.iter().map(|event| event.data.clone()).collect()),
            _ => None,
        };
        match (self.0, command.action(), made) {
            (Fault::ConflictIsSilent, _, Some(data)) => Some(
                data.into_iter().filter(|data| !matches!(data, EventData::PayoutConflict { .. })).collect(),
            ),
            (Fault::ApprovesOwn, Action::ApproveAdjustment { .. }, Some(data)) => Some(data),
            (
                Fault::ReasonIsOptional,
                Action::ProposeAdjustment { adjustment_id, amount, reason },
                Some(_),
            ) => {
                let (adjustment_id, amount, reason) = (adjustment_id.clone(), *amount, reason.clone());
                Some(vec![EventData::AdjustmentProposed { adjustment_id, amount, reason }])
            }
            (_, Action::PayoutSucceeded { payout_id, .. }, made) => {
                self.on_success(run, payout_id, command, made)
            }
            (_, Action::PayoutFailed { payout_id, .. } | Action::PayoutLapsed { payout_id }, made) => {
                self.on_end(run, payout_id, made)
            }
            (_, Action::Pay { withdrawal_id, payout_id }, made) => {
                self.on_pay(run, (withdrawal_id, payout_id), made)
            }
            (Fault::OnlyFirstPayoutIsHeard, Action::PayoutAwaiting { payout_id, .. }, Some(_)) => {
                others(run, payout_id).any(|payout| payout.state != PayoutState::Requested).then(Vec::new)
            }
            (Fault::LapsesEarly, Action::Tick, _) => {
                let waits = run
                    .wallet
                    .payouts()
                    .iter()
                    .filter(|(_, payout)| payout.state == PayoutState::AwaitingPayee);
                Some(waits.map(|(id, _)| EventData::PayoutLapsed { payout_id: id.clone() }).collect())
            }
            (Fault::BanIsIgnored, Action::Approve { withdrawal_id }, None) => {
                let waits = run.wallet.withdrawals().get(withdrawal_id)?.state == WithdrawalState::Requested;
                waits.then(|| vec![EventData::WithdrawalApproved { withdrawal_id: withdrawal_id.clone() }])
            }
            (Fault::IgnoresTheExtension, Action::PayoutAwaiting { payout_id, .. }, Some(_)) => {
                let waits = run.wallet.payouts().get(payout_id)?.state == PayoutState::AwaitingPayee;
                waits.then(|| vec![EventData::Noted])
            }
            (Fault::ForgetsIdleCommands, _, Some(data)) => {
                Some(data.into_iter().filter(|data| *data != EventData::Noted).collect())
            }
            (Fault::ReturnsTwice, Action::Resolve { verdict: Finding::Returned, .. }, Some(data)) => {
                Some([data.clone(), data].concat())
            }
            (_, _, Some(data)) => Some(data.into_iter().map(|data| self.moved(run, data)).collect()),
            _ => None,
        }
    }

    fn on_success(
        &self,
        run: &Run<'_>,
        id: &PayoutId,
        command: &Command,
        made: Option<Vec<EventData>>,
    ) -> Option<Vec<EventData>> {
        let Action::PayoutSucceeded { transaction_id, amount, .. } = command.action() else { return made };
        let payout = run.wallet.payouts().get(id)?;
        let withdrawal = run.wallet.withdrawals().get(&payout.withdrawal_id)?;
        let pays = || {
            let moves = Moves {
                member: vec![(MemberAccount::Reserved, -withdrawal.amount)],
                paid_out: *amount,
                fee: withdrawal.fee,
                tax: withdrawal.amount - withdrawal.fee - *amount,
                adjustment: 0,
            };
            let (payout_id, transaction_id) = (id.clone(), transaction_id.clone());
            Some(vec![EventData::PayoutSucceeded { payout_id, transaction_id, moves }])
        };
        let over = |state: &Payout| !state.state.is_live();
        match self.0 {
            Fault::LateSuccessPays if matches!(payout.state, PayoutState::Failed | PayoutState::Lapsed) => {
                pays()
            }
            Fault::AnyAmountPays if payout.state.is_live() => pays(),
            Fault::PaysTheTransactionAgain if payout.state.is_live() && *amount == withdrawal.net() => pays(),
            Fault::DuplicatesReserveAgain if payout.state == PayoutState::Succeeded => {
                let withdrawal_id = WithdrawalId::new(&format!("dup{}", run.log.len())).unwrap();
                Some(vec![EventData::WithdrawalRequested {
                    withdrawal_id,
                    amount: 2,
                    fee: 0,
                    tax: 0,
                    day: 0,
                }])
            }
            Fault::OnlyFirstPayoutIsHeard if others(run, id).any(over) => Some(Vec::new()),
            Fault::StopsAfterFailure if others(run, id).any(|other| other.state == PayoutState::Failed) => {
                Some(Vec::new())
            }
            Fault::PayoutsInOrderOnly => {
                let later = run.wallet.payouts().iter().filter(|(known, _)| *known > id && is_late(known));
                let later = later.into_iter().any(|(_, payout)| over(payout));
                if later { Some(Vec::new()) } else { made }
            }
            _ => made,
        }
    }

    fn on_end(&self, run: &Run<'_>, id: &PayoutId, made: Option<Vec<EventData>>) -> Option<Vec<EventData>> {
        let mut others = others(run, id);
        match self.0 {
            Fault::OnlyFirstPayoutIsHeard if others.any(|other| !other.state.is_live()) => Some(Vec::new()),
            Fault::SuccessBlocksLapses if others.any(|other| other.state == PayoutState::Succeeded) => {
                Some(Vec::new())
            }
            Fault::SecondFailureLapses if others.any(|other| other.state == PayoutState::Failed) => {
                let lapse = |_| EventData::PayoutLapsed { payout_id: id.clone() };
                made.map(|data| data.into_iter().map(lapse).collect())
            }
            _ => made,
        }
    }

    fn on_pay(
        &self,
        run: &Run<'_>,
        (withdrawal_id, payout_id): (&WithdrawalId, &PayoutId),
        made: Option<Vec<EventData>>,
    ) -> Option<Vec<EventData>> {
        let withdrawal = run.wallet.withdrawals().get(withdrawal_id)?;
        let start = |payout_id: PayoutId| EventData::PayoutRequested {
            withdrawal_id: withdrawal_id.clone(),
            payout_id,
            net: withdrawal.net(),
        };
        let fail = |payout_id: &PayoutId| EventData::PayoutFailed {
            payout_id: payout_id.clone(),
            reason: Reason::new("assumed").unwrap(),
        };
        let live = withdrawal.payout.as_ref().filter(|_| withdrawal.state.has_live_payout());
        let fresh = !run.wallet.payouts().contains_key(payout_id);
        match (self.0, live) {
            (Fault::StartsSecondPayout, Some(live)) if fresh => {
                Some(vec![fail(live), start(payout_id.clone())])
            }
            (Fault::RetryDrawsNewId, Some(live)) if live == payout_id => {
                let id = PayoutId::new(&format!("r{}", run.sent.len())).unwrap();
                Some(vec![fail(live), start(id)])
            }
            (Fault::PaysOverConflicts, None) if made.is_none() && fresh => {
                let over = [WithdrawalState::PayoutFailed, WithdrawalState::PayoutLapsed];
                over.contains(&withdrawal.state).then(|| vec![start(payout_id.clone())])
            }
            _ => made,
        }
    }

    /// The event with its money somewhere else.
    fn moved(&self, run: &Run<'_>, mut data: EventData) -> EventData {
        match (self.0, &mut data) {
            (
                Fault::ReturnsPastTheDebt,
                EventData::WithdrawalRejected { moves, .. } | EventData::WithdrawalCancelled { moves, .. },
            )
            | (Fault::FreesPastTheDebt, EventData::HoldReleased { moves, .. }) => {
                past_the_debt(moves, |_| true)
            }
            (Fault::GivesPastTheDebt, EventData::AdjustmentApproved { moves, .. }) => {
                past_the_debt(moves, |minor| minor > 0);
            }
            (Fault::AdjustsBelowZero, EventData::AdjustmentApproved { moves, .. }) => {
                past_the_debt(moves, |minor| minor < 0);
            }
            (Fault::ReturnsAnotherAmount, EventData::ConflictResolved { moves, .. })
                if moves.paid_out < 0 =>
            {
                moves.paid_out -= 1;
            }
            (Fault::KeepsFeeOfReturned, EventData::ConflictResolved { moves, .. }) if moves.fee < 0 => {
                let fee = std::mem::take(&mut moves.fee);
                owed(moves, fee);
            }
            (Fault::KeepsTaxOfReturned, EventData::ConflictResolved { moves, .. }) if moves.tax < 0 => {
                let tax = std::mem::take(&mut moves.tax);
                owed(moves, tax);
            }
            (Fault::ReturnsToHand, EventData::ConflictResolved { moves, .. }) if moves.paid_out < 0 => {
                for (kind, _) in &mut moves.member {
                    *kind = if *kind == MemberAccount::Reserved { MemberAccount::Available } else { *kind };
                }
            }
            (Fault::BounceEndsTheWithdrawal, EventData::ConflictResolved { verdict, moves, .. })
                if moves.paid_out < 0 =>
            {
                (*verdict, *moves) = (Finding::Dismissed, Moves::default());
            }
            (Fault::ReleasesEverything, EventData::HoldReleased { moves, .. }) => {
                let held = MemberAccount::STAGES.map(|(free, held)| (free, held, run.wallet.balance(held)));
                let parts = held.iter().flat_map(|(free, held, minor)| [(*free, *minor), (*held, -minor)]);
                moves.member = parts.filter(|(_, minor)| *minor != 0).collect();
            }
            _ => {}
        }
        data
    }
}

/// What was to go to or come from the debt goes to or comes from what is available.
fn past_the_debt(moves: &mut Moves, which: impl Fn(i64) -> bool) {
    let debt = moves.on(MemberAccount::Debt);
    if !which(debt) {
        return;
    }
    moves.member.retain(|(kind, _)| *kind != MemberAccount::Debt);
    match moves.member.iter_mut().find(|(kind, _)| *kind == MemberAccount::Available) {
        Some((_, minor)) => *minor += debt,
        None => moves.member.push((MemberAccount::Available, debt)),
    }
}

/// What the mall keeps is owed by the member.
fn owed(moves: &mut Moves, minor: i64) {
    match moves.member.iter_mut().find(|(kind, _)| *kind == MemberAccount::Debt) {
        Some((_, debt)) => *debt += minor,
        None => moves.member.push((MemberAccount::Debt, minor)),
    }
}

/// The payouts whose reports come late, of which a law sends several in two orders.
fn is_late(id: &PayoutId) -> bool {
    id.as_str().starts_with("xp")
}

fn others<'r>(run: &'r Run<'_>, id: &'r PayoutId) -> impl Iterator<Item = &'r Payout> {
    let late =
        run.wallet.payouts().iter().filter(move |(known, _)| *known != id && is_late(known) && is_late(id));
    late.map(|(_, payout)| payout)
}

/// Events of a command as the engine would number them.
fn events(run: &Run<'_>, command: &Command, data: Vec<EventData>) -> Vec<Event> {
    let number =
        |(at, data)| Event { header: Arc::clone(command.header()), seq: run.wallet.version() + at, data };
    (1_u64..).zip(data).map(number).collect()
}
