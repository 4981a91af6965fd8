//! The laws of wallets.

use crate::law::{Bearing, Verdict as Holds, need};
use crate::machine::{Book, Commission, Machine, Run, Verdict, mine};
use crate::script::{Came, ELSEWHERE, Move, Numbers, play, reason, report};
use fenrun::Code;
use fenrun::id::{AdjustmentId, PayoutId, TransactionId, WithdrawalId};
use fenrun::ledger::wallet::{
    Action, Event, EventData, Fee, Hold, PayoutState, Policy, Tax, TaxOf, Verdict as Finding, Wallet,
    WithdrawalState,
};
use fenrun::ledger::{Account, MallAccount, MemberAccount, Period};
use fenrun::money::{Rate, Rounding};
use fenrun::time::{DAY_MS, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

type Subject = dyn Machine;

fn tested(seen: bool) -> Bearing {
    if seen { Bearing::Tested } else { Bearing::Beside }
}

fn total(run: &Run<'_>) -> i64 {
    MemberAccount::ALL.iter().map(|kind| run.balance(*kind)).sum()
}

fn mall(run: &Run<'_>, account: MallAccount) -> i64 {
    run.book.get(&Account::Mall(account)).copied().unwrap_or(0)
}

/// Postings sum to zero, and the wallet stands where its postings sum to.
pub(crate) fn sums(machine: &Subject, seed: u64) -> Holds {
    play(machine, seed, |_, step, _, run| {
        need(run.book.values().sum::<i64>() == 0, || format!("{step:?}: the book does not balance"))?;
        MemberAccount::ALL.iter().try_for_each(|kind| {
            let (shown, posted) = (run.wallet.balance(*kind), run.balance(*kind));
            need(shown == posted, || format!("{step:?}: {} shows {shown}, {posted} was posted", kind.name()))
        })
    })?;
    Ok(Bearing::Tested)
}

/// Nothing is below zero but a debt, which is never above, and nobody has both a debt and money at hand.
pub(crate) fn floors(machine: &Subject, seed: u64) -> Holds {
    play(machine, seed, |_, step, _, run| {
        for kind in MemberAccount::ALL {
            let stands = run.balance(*kind);
            let sound = if *kind == MemberAccount::Debt { stands <= 0 } else { stands >= 0 };
            need(sound, || format!("{step:?}: {} stands at {stands}", kind.name()))?;
        }
        let both = run.balance(MemberAccount::Available) > 0 && run.balance(MemberAccount::Debt) < 0;
        need(!both, || format!("{step:?}: a debt beside money at hand"))
    })?;
    Ok(Bearing::Tested)
}

/// What the member has and what left is what was earned, less what was taken back, and adjusted: nothing
/// is paid that was not earned or is not owed.
pub(crate) fn conserved(machine: &Subject, seed: u64) -> Holds {
    let mut paid = false;
    play(machine, seed, |_, step, _, run| {
        let adjusted: i64 = run.log.iter().map(|event| approved(run, event)).sum();
        let left: i64 = [MallAccount::PaidOut, MallAccount::Fee, MallAccount::TaxWithheld]
            .iter()
            .map(|a| mall(run, *a))
            .sum();
        paid |= left > 0;
        let earned = run.asked.earned - run.asked.reversed + adjusted;
        need(total(run) + left == earned, || {
            format!("{step:?}: {} held and {left} left of {earned}", total(run))
        })?;
        need(left <= earned - run.balance(MemberAccount::Debt), || {
            format!("{step:?}: {left} left of {earned}")
        })?;
        let (fees, taxes) = run
            .wallet
            .withdrawals()
            .values()
            .filter(|w| w.state == WithdrawalState::Paid)
            .fold((0, 0), |(fees, taxes), withdrawal| (fees + withdrawal.fee, taxes + withdrawal.tax));
        let kept = (mall(run, MallAccount::Fee), mall(run, MallAccount::TaxWithheld));
        need(kept == (fees, taxes), || format!("{step:?}: {kept:?} kept, {:?} agreed", (fees, taxes)))
    })?;
    Ok(tested(paid))
}

/// What an approval gave, as it was proposed.
fn approved(run: &Run<'_>, event: &Event) -> i64 {
    let EventData::AdjustmentApproved { adjustment_id: id, .. } = &event.data else { return 0 };
    let proposed = run.log.iter().find_map(|event| match &event.data {
        EventData::AdjustmentProposed { adjustment_id, amount, .. } if adjustment_id == id => Some(*amount),
        _ => None,
    });
    proposed.unwrap_or(0)
}

/// What is reserved is what live withdrawals claim; what is held was frozen by holds that stand.
pub(crate) fn claims(machine: &Subject, seed: u64) -> Holds {
    let mut seen = false;
    play(machine, seed, |_, step, _, run| {
        let live = run.wallet.withdrawals().values().filter(|withdrawal| {
            let over = [WithdrawalState::Paid, WithdrawalState::Rejected, WithdrawalState::Cancelled];
            !over.contains(&withdrawal.state)
        });
        let claimed: i64 = live.map(|withdrawal| withdrawal.amount).sum();
        let reserved = run.balance(MemberAccount::Reserved);
        need(reserved == claimed, || format!("{step:?}: {reserved} reserved, {claimed} claimed"))?;
        let held = held(run);
        let frozen: i64 = run.wallet.holds().map(|(_, hold)| hold.amount).sum();
        seen |= claimed > 0 && held > 0;
        need(held <= frozen, || format!("{step:?}: {held} held, {frozen} frozen"))
    })?;
    Ok(tested(seen))
}

fn held(run: &Run<'_>) -> i64 {
    MemberAccount::STAGES.iter().map(|(_, held)| run.balance(*held)).sum()
}

/// A refused command changes nothing, a repeat answers as before, and another content under a known id is
/// a conflict.
pub(crate) fn verdicts(machine: &Subject, seed: u64) -> Holds {
    let mut repeats = 0;
    play(machine, seed, |before, step, came, run| {
        let (Move::Command(command), Came::Command(verdict)) = (step, came) else { return Ok(()) };
        let id = &command.header().command_id;
        let known: Vec<_> =
            before.log.iter().filter(|event| event.header.command_id == *id).cloned().collect();
        let changed = before.wallet != run.wallet || before.book != run.book || before.log != run.log;
        if let Some(first) = known.first() {
            repeats += 1;
            need(!changed, || format!("{step:?} acted again"))?;
            let same = first.header.fingerprint == command.header().fingerprint;
            let wanted = if same {
                Verdict::Repeat(first.seq, known.last().unwrap().seq)
            } else {
                Verdict::Refused(Code::IdempotencyConflict)
            };
            return need(*verdict == wanted, || format!("{step:?}: {verdict:?} instead of {wanted:?}"));
        }
        match verdict {
            Verdict::Repeat(..) => Err(format!("{step:?} never came before")),
            Verdict::Refused(_) => need(!changed, || format!("{step:?} was refused and changed something")),
            Verdict::Accepted(events) => {
                need(!events.is_empty(), || format!("{step:?} left no trace of its id"))?;
                let idle = events.iter().all(|event| event.data == EventData::Noted);
                let still =
                    before.book == run.book && before.wallet.withdrawals() == run.wallet.withdrawals();
                need(!idle || still, || format!("{step:?} changed something and says it did nothing"))
            }
            Verdict::Broken(_) => Ok(()),
        }
    })?;
    Ok(tested(repeats > 0))
}

/// The log, written and read, folds to the same wallet; each event says what it posted.
pub(crate) fn replay(machine: &Subject, seed: u64) -> Holds {
    let run = play(machine, seed, |_, _, _, _| Ok(()))?;
    let read = run.log.iter().map(|event| Event::from_node(&machine.store(event)));
    let read: Vec<Event> = read.collect::<Result<_, _>>().map_err(|error| format!("unreadable: {error}"))?;
    need(read == run.log, || "an event reads back as another one".into())?;
    let balances = MemberAccount::ALL.iter().map(|kind| (*kind, run.wallet.balance(*kind)));
    let claims = Wallet::restore(run.wallet.key().clone(), &read).map_err(|error| error.to_string())?;
    let again = claims.standing_on(balances.filter(|(kind, _)| run.wallet.balance(*kind) != 0));
    need(again.to_node() == run.wallet.to_node(), || "the replay is another wallet".into())?;
    Ok(tested(run.log.len() > 10))
}

/// Something at hand, and nothing held.
fn fund(run: &mut Run<'_>) -> Result<(), String> {
    for what in [Commission::Earned, Commission::Confirmed, Commission::Released] {
        run.commission(what, 900).map_err(|error| error.to_string())?;
    }
    for (id, _) in run.wallet.clone().holds() {
        run.act("ann", Action::ReleaseHold { hold_id: id.clone(), reason: reason() });
    }
    Ok(())
}

/// Reports of different payouts, twice and in any order, come to the same.
pub(crate) fn commute(machine: &Subject, seed: u64) -> Holds {
    let mut run = play(machine, seed, |_, _, _, _| Ok(()))?;
    let mut numbers = Numbers::new(seed ^ 0xabcd);
    fund(&mut run)?;
    let mut reports = Vec::new();
    for at in 0..3 {
        let (withdrawal_id, payout_id) =
            (WithdrawalId::new(&format!("x{at}")).unwrap(), PayoutId::new(&format!("xp{at}")).unwrap());
        let policy = Policy::default();
        run.act("ann", Action::Request { withdrawal_id: withdrawal_id.clone(), amount: 50, policy });
        run.act("ann", Action::Approve { withdrawal_id: withdrawal_id.clone() });
        run.act("ann", Action::Pay { withdrawal_id, payout_id: payout_id.clone() });
        let said = report(&run, &mut numbers, payout_id);
        // One transaction of two payouts ties them together.
        let tied =
            matches!(&said, Action::PayoutSucceeded { transaction_id, .. } if transaction_id.as_str() == "t");
        if !tied && !matches!(said, Action::Resolve { .. }) {
            reports.push(said);
        }
    }
    let mut twice: Vec<_> = reports.iter().rev().cloned().collect();
    twice.extend(reports.iter().cloned());
    let (mut left, mut right) = (run.clone(), run);
    for said in &reports {
        left.act("bank", said.clone());
    }
    for said in &twice {
        right.act("bank", said.clone());
    }
    need(left.book == right.book, || format!("{reports:?}: other balances in another order"))?;
    need(left.wallet.withdrawals() == right.wallet.withdrawals(), || format!("{reports:?}: other states"))?;
    let states =
        |run: &Run<'_>| -> Vec<_> { run.wallet.payouts().values().map(|payout| payout.state).collect() };
    need(states(&left) == states(&right), || format!("{reports:?}: other payouts"))?;
    Ok(tested(reports.len() > 1))
}

/// A payout that came back leaves the book as it was before, fee and tax too, and its withdrawal can be paid
/// again; it comes back once.
pub(crate) fn bounces(machine: &Subject, seed: u64) -> Holds {
    let mut run = play(machine, seed, |_, _, _, _| Ok(()))?;
    let mut numbers = Numbers::new(seed ^ 0xbcde);
    fund(&mut run)?;
    let withdrawal_id = WithdrawalId::new("bounced").unwrap();
    let fee = Fee { fixed: numbers.amount(9), ..Policy::default().fee };
    let tax = Tax { rate: "10%".parse().unwrap(), ..Policy::default().tax };
    let (amount, policy) = (20 + numbers.amount(60), Policy { fee, tax, ..Policy::default() });
    run.act("ann", Action::Request { withdrawal_id: withdrawal_id.clone(), amount, policy });
    run.act("ann", Action::Approve { withdrawal_id: withdrawal_id.clone() });
    let sent = |run: &mut Run<'_>, id: &str| {
        let payout_id = PayoutId::new(id).unwrap();
        run.act("ann", Action::Pay { withdrawal_id: withdrawal_id.clone(), payout_id: payout_id.clone() });
        let before = run.book.clone();
        let amount = run.wallet.withdrawals().get(&withdrawal_id).map_or(1, |known| known.net());
        let transaction_id = TransactionId::new(&format!("t-{id}")).unwrap();
        run.act("bank", Action::PayoutSucceeded { payout_id: payout_id.clone(), transaction_id, amount });
        (payout_id, before)
    };
    let state = |run: &Run<'_>| run.wallet.withdrawals().get(&withdrawal_id).map(|known| known.state);
    let (payout_id, before) = sent(&mut run, "bounced-1");
    if state(&run) != Some(WithdrawalState::Paid) {
        return Ok(Bearing::Beside);
    }
    let paid = run.book.clone();
    run.act("bank", Action::PayoutFailed { payout_id: payout_id.clone(), reason: reason() });
    same(&paid, &run.book, "a report alone moved")?;
    for _ in 0..2 {
        let (payout_id, verdict) = (payout_id.clone(), Finding::Returned);
        run.act("ann", Action::Resolve { payout_id, transaction_id: None, verdict, reason: reason() });
        same(&before, &run.book, "did not come back, or twice")?;
    }
    need(state(&run) == Some(WithdrawalState::PayoutFailed), || format!("left {:?}", state(&run)))?;
    sent(&mut run, "bounced-2");
    same(&paid, &run.book, "was not paid as the first time")?;
    Ok(Bearing::Tested)
}

/// Two books have the same balances.
fn same(left: &Book, right: &Book, why: &str) -> Result<(), String> {
    let stands = |book: &Book, account: &Account| book.get(account).copied().unwrap_or(0);
    let moved =
        left.keys().chain(right.keys()).find(|account| stands(left, account) != stands(right, account));
    moved.map_or(Ok(()), |account| {
        Err(format!("{account}: {} {why}", stands(right, account) - stands(left, account)))
    })
}

/// A withdrawal never has two payouts a provider may act on, pays exactly what was agreed and once, and
/// what contradicts that is on record.
pub(crate) fn payouts(machine: &Subject, seed: u64) -> Holds {
    let mut conflicts = false;
    let mut waits: BTreeMap<PayoutId, Timestamp> = BTreeMap::new();
    play(machine, seed, |_, step, came, run| {
        check_payouts(&run.log)?;
        let (Move::Command(command), Came::Command(Verdict::Accepted(events))) = (step, came) else {
            return Ok(());
        };
        let (failed, lapsed) = match command.action() {
            Action::PayoutFailed { .. } => (true, false),
            Action::PayoutLapsed { .. } | Action::Tick => (false, true),
            _ => (false, false),
        };
        if let Action::PayoutAwaiting { payout_id, expires_at } = command.action() {
            let until = waits.entry(payout_id.clone()).or_insert(*expires_at);
            *until = (*until).max(*expires_at);
        }
        for event in events {
            if let (EventData::PayoutLapsed { payout_id }, Action::Tick) = (&event.data, command.action()) {
                let until = waits.get(payout_id).copied();
                need(until.is_some_and(|until| until <= event.header.at), || {
                    format!("{step:?}: the provider waits for {payout_id} until {until:?}")
                })?;
            }
            let known = match &event.data {
                EventData::PayoutFailed { .. } => failed,
                EventData::PayoutLapsed { .. } => lapsed,
                _ => true,
            };
            need(known, || format!("{step:?}: a payout was taken for over, and nobody said so"))?;
        }
        let Action::PayoutSucceeded { payout_id, transaction_id, amount } = command.action() else {
            return Ok(());
        };
        let told = |event: &Event| match &event.data {
            EventData::PayoutSucceeded { payout_id: id, transaction_id: transaction, moves } => {
                (id, transaction, moves.paid_out) == (payout_id, transaction_id, *amount)
            }
            EventData::PayoutConflict {
                payout_id: id, transaction_id: transaction, amount: paid, ..
            } => {
                conflicts |= id == payout_id;
                (id, transaction.as_ref(), paid) == (payout_id, Some(transaction_id), amount)
            }
            _ => false,
        };
        need(run.log.iter().any(told), || format!("{step:?} left no trace"))
    })?;
    Ok(tested(conflicts))
}

fn check_payouts(log: &[Event]) -> Result<(), String> {
    let mut live: BTreeMap<&PayoutId, (&WithdrawalId, i64)> = BTreeMap::new();
    let mut owner: BTreeMap<&PayoutId, &WithdrawalId> = BTreeMap::new();
    let mut expires: BTreeMap<&PayoutId, Timestamp> = BTreeMap::new();
    let mut open: Vec<Reported<'_>> = Vec::new();
    let mut sent: BTreeMap<&TransactionId, (&PayoutId, i64)> = BTreeMap::new();
    for event in log {
        let place = event.seq;
        match &event.data {
            EventData::PayoutRequested { withdrawal_id, payout_id, net } => {
                let other = live.values().any(|(of, _)| of == &withdrawal_id);
                need(!other, || format!("place {place}: two live payouts"))?;
                let waits = open.iter().any(|(payout, ..)| owner.get(payout) == Some(&withdrawal_id));
                need(!waits, || format!("place {place}: paid again with a conflict open"))?;
                need(owner.insert(payout_id, withdrawal_id).is_none(), || {
                    format!("place {place}: an id again")
                })?;
                live.insert(payout_id, (withdrawal_id, *net));
            }
            EventData::PayoutAwaiting { payout_id, expires_at } => {
                expires.insert(payout_id, *expires_at);
            }
            EventData::PayoutSucceeded { payout_id, transaction_id, moves } => {
                check_own(transaction_id).map_err(|why| format!("place {place}: {why}"))?;
                need(sent.insert(transaction_id, (payout_id, moves.paid_out)).is_none(), || {
                    format!("place {place}: {transaction_id} paid before")
                })?;
                let net = live.remove(payout_id).map(|(_, net)| net);
                need(net == Some(moves.paid_out), || {
                    format!("place {place}: {} paid of {net:?}", moves.paid_out)
                })?;
            }
            EventData::PayoutFailed { payout_id, .. } => {
                need(live.remove(payout_id).is_some(), || format!("place {place}: failed when it was over"))?;
            }
            EventData::PayoutLapsed { payout_id } => {
                need(live.remove(payout_id).is_some(), || format!("place {place}: lapsed when it was over"))?;
                let early = event.header.actor.as_str() == "clock"
                    && expires.get(payout_id).is_none_or(|until| event.header.at < *until);
                need(!early, || format!("place {place}: lapsed before its time"))?;
            }
            EventData::PayoutConflict { payout_id, transaction_id, reported, amount, .. } => {
                open.push((payout_id, transaction_id.as_ref(), *reported, *amount));
            }
            EventData::ConflictResolved { payout_id, transaction_id, verdict, moves, .. } => {
                let told = (payout_id, transaction_id.as_ref());
                check_resolved(&mut open, &mut sent, told, (*verdict, moves.paid_out))
                    .map_err(|why| format!("place {place}: {why}"))?;
                if *verdict == Finding::Paid {
                    live.remove(payout_id);
                }
            }
            EventData::WithdrawalRejected { withdrawal_id, .. }
            | EventData::WithdrawalCancelled { withdrawal_id, .. } => {
                let under_way = live.values().any(|(of, _)| of == &withdrawal_id);
                need(!under_way, || format!("place {place}: given back while a payout is live"))?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// What another wallet has on record paid nothing here.
fn check_own(transaction: &TransactionId) -> Result<(), String> {
    need(transaction.as_str() != ELSEWHERE, || format!("{transaction} paid in another wallet"))
}

/// A report that contradicts: payout, transaction, where it says the payout stands, amount.
type Reported<'a> = (&'a PayoutId, Option<&'a TransactionId>, PayoutState, i64);

/// A transaction is paid once, and what comes back is what one of them sent, once.
fn check_resolved<'a>(
    open: &mut Vec<Reported<'a>>,
    sent: &mut BTreeMap<&'a TransactionId, (&'a PayoutId, i64)>,
    (payout, transaction): (&'a PayoutId, Option<&'a TransactionId>),
    (verdict, moved): (Finding, i64),
) -> Result<(), String> {
    let of_verdict = |reported: PayoutState| match verdict {
        Finding::Paid => reported == PayoutState::Succeeded,
        Finding::Returned => [PayoutState::Failed, PayoutState::Lapsed].contains(&reported),
        Finding::Dismissed => true,
    };
    let told = |known: &Reported<'_>| known.0 == payout && known.1 == transaction && of_verdict(known.2);
    let unnamed = |known: &Reported<'_>| {
        verdict == Finding::Returned && known.0 == payout && known.1.is_none() && of_verdict(known.2)
    };
    let at = open.iter().position(told).or_else(|| open.iter().position(unnamed));
    let (_, _, _, amount) = open.remove(at.ok_or("resolves what nobody reported")?);
    match (verdict, transaction) {
        (Finding::Dismissed, _) => need(moved == 0, || format!("{moved} moved by a wrong report")),
        (Finding::Paid, Some(transaction)) => {
            check_own(transaction)?;
            need(moved == amount, || format!("{moved} paid of {amount}"))?;
            need(sent.insert(transaction, (payout, amount)).is_none(), || {
                format!("{transaction} paid before")
            })
        }
        (Finding::Paid, None) => Err("paid by no transaction".into()),
        (Finding::Returned, named) => {
            let back = |(id, known): (&&'a TransactionId, &(&PayoutId, i64))| {
                let fits = known.0 == payout && known.1 == -moved && named.is_none_or(|named| named == *id);
                fits.then_some(*id)
            };
            let found =
                sent.iter().find_map(back).ok_or_else(|| format!("{moved} came back of nothing sent"))?;
            sent.remove(found);
            Ok(())
        }
    }
}

/// An adjustment moves money once, when a second person agrees to what was proposed with a reason.
pub(crate) fn adjustments(machine: &Subject, seed: u64) -> Holds {
    let mut seen = false;
    play(machine, seed, |_, step, _, run| {
        let mut proposed: BTreeMap<&AdjustmentId, (&str, i64)> = BTreeMap::new();
        let (mut given, mut closed) = (0, BTreeSet::new());
        for event in &run.log {
            let actor = event.header.actor.as_str();
            match &event.data {
                EventData::AdjustmentProposed { adjustment_id, amount, reason } => {
                    need(!reason.as_str().trim().is_empty(), || format!("{step:?}: no reason"))?;
                    need(proposed.insert(adjustment_id, (actor, *amount)).is_none(), || {
                        format!("{step:?}: an id again")
                    })?;
                }
                EventData::AdjustmentApproved { adjustment_id, .. } => {
                    let (by, amount) = proposed.get(adjustment_id).copied().unwrap_or(("", 0));
                    seen = true;
                    need(by != actor, || format!("{step:?}: {actor} approved their own"))?;
                    need(closed.insert(adjustment_id), || format!("{step:?}: closed twice"))?;
                    given += amount;
                }
                EventData::AdjustmentRejected { adjustment_id, .. } => {
                    need(closed.insert(adjustment_id), || format!("{step:?}: closed twice"))?;
                }
                _ => {}
            }
        }
        let posted = mall(run, MallAccount::Adjustment);
        need(posted == -given, || format!("{step:?}: {posted} posted for {given}"))
    })?;
    Ok(tested(seen))
}

/// What is accepted keeps the limits, with the fee, the tax and the day the policy says, computed anew; and what
/// keeps them is not refused for them.
pub(crate) fn limits(machine: &Subject, seed: u64) -> Holds {
    let mut seen = 0;
    play(machine, seed, |before, step, came, run| {
        let (Move::Command(command), Came::Command(verdict)) = (step, came) else { return Ok(()) };
        let Action::Request { withdrawal_id, amount, policy } = command.action() else { return Ok(()) };
        let available = before.balance(MemberAccount::Available);
        let cut = cut(before, command.header().at, (*amount, policy));
        match verdict {
            Verdict::Accepted(_) => {
                seen += 1;
                let made = &run.wallet.withdrawals()[withdrawal_id];
                let asked = cut.map_err(|rule| format!("{policy:?}: {amount} {rule}, {made:?}"))?;
                need((made.fee, made.tax, made.day) == asked, || {
                    format!("{policy:?}: {amount} costs {asked:?}, {made:?}")
                })?;
                need(made.amount == *amount && *amount <= available, || format!("{made:?} is not there"))
            }
            Verdict::Refused(Code::WithdrawalLimit) => {
                need(cut.is_err(), || format!("{policy:?}: {amount} keeps the limits and was refused"))
            }
            Verdict::Refused(Code::InsufficientBalance) => {
                need(*amount > available, || format!("{amount} of {available} was refused"))
            }
            _ => Ok(()),
        }
    })?;
    Ok(tested(seen > 0))
}

/// Fee, tax and day of a withdrawal, or the limit it breaks.
fn cut(
    run: &Run<'_>,
    at: Timestamp,
    (amount, policy): (i64, &Policy),
) -> Result<(i64, i64, i64), &'static str> {
    let broken = |breaks: bool, rule| if breaks { Err(rule) } else { Ok(()) };
    broken(amount < policy.min || policy.max.is_some_and(|most| amount > most), "breaks a limit")?;
    let day = (at.ms() + i64::from(policy.utc_offset_minutes) * 60_000).div_euclid(DAY_MS);
    let void = [WithdrawalState::Rejected, WithdrawalState::Cancelled];
    let others: Vec<i64> = (run.wallet.withdrawals().values())
        .filter(|other| other.day == day && !void.contains(&other.state))
        .map(|other| other.amount)
        .collect();
    let count = u32::try_from(others.len() + 1).unwrap();
    broken(policy.daily_count.is_some_and(|most| count > most), "is one too many")?;
    let sum = others.iter().sum::<i64>() + amount;
    broken(policy.daily_amount.is_some_and(|most| sum > most), "is too much that day")?;
    let share = round(amount, policy.fee.rate, policy.fee.rounding);
    let fee = (policy.fee.fixed + share).max(policy.fee.min);
    let fee = policy.fee.max.map_or(fee, |most| fee.min(most));
    let of = if policy.tax.of == TaxOf::Amount { amount } else { amount - fee };
    let tax = round(of.max(0), policy.tax.rate, policy.tax.rounding);
    broken(amount - fee - tax <= 0, "leaves nothing")?;
    Ok((fee, tax, day))
}

/// Rounding by comparing twice the rest with the divisor.
fn round(amount: i64, rate: Rate, rounding: Rounding) -> i64 {
    let (up, down) = (i128::from(rate.numerator()), i128::from(rate.denominator()));
    let product = i128::from(amount) * up;
    let (whole, rest) = (product / down, product % down);
    let more = match rounding {
        Rounding::Up => rest > 0,
        Rounding::HalfAway => 2 * rest >= down,
        _ => false,
    };
    i64::try_from(whole + i128::from(more)).unwrap()
}

/// A hold never changes what stands at a stage, only whether it is free; while one freezes the whole
/// wallet, no withdrawal goes on; and what is frozen cannot be asked for.
pub(crate) fn holds(machine: &Subject, seed: u64) -> Holds {
    let mut seen = false;
    play(machine, seed, |before, step, came, run| {
        let (Move::Command(command), Came::Command(Verdict::Accepted(events))) = (step, came) else {
            return Ok(());
        };
        let standing: Vec<(&str, Hold)> = frozen(before);
        let acts =
            matches!(command.action(), Action::Request { .. } | Action::Approve { .. } | Action::Pay { .. });
        if acts && !idle(events) {
            let ban = standing.iter().find(|(_, hold)| hold.account.is_none());
            need(ban.is_none(), || format!("{step:?} while {ban:?} freezes everything"))?;
        }
        if let Action::Request { amount, .. } = command.action() {
            let free = before.balance(MemberAccount::Available);
            need(*amount <= free, || format!("{step:?}: only {free} was free"))?;
        }
        if !matches!(command.action(), Action::Hold { .. } | Action::ReleaseHold { .. }) || idle(events) {
            return Ok(());
        }
        need(
            before
                .book
                .iter()
                .all(|(account, minor)| account.owner().is_some() || run.book.get(account) == Some(minor)),
            || format!("{step:?} moved the mall's money"),
        )?;
        for (free, held) in MemberAccount::STAGES {
            let at = |run: &Run<'_>| {
                let debt =
                    if free == MemberAccount::Available { run.balance(MemberAccount::Debt) } else { 0 };
                run.balance(free) + run.balance(held) + debt
            };
            need(at(before) == at(run), || format!("{step:?} changed what stands on {}", free.name()))?;
        }
        seen = true;
        match command.action() {
            Action::Hold { account: Some(kind), amount, .. } => {
                let wanted = amount.unwrap_or_else(|| before.balance(*kind));
                let frozen = before.balance(*kind) - run.balance(*kind);
                need(frozen == wanted, || format!("{step:?} froze {frozen}"))
            }
            Action::ReleaseHold { hold_id, .. } => {
                let own = standing
                    .iter()
                    .find(|(id, _)| *id == hold_id.as_str())
                    .map_or(0, |(_, hold)| hold.amount);
                let others: i64 = standing.iter().map(|(_, hold)| hold.amount).sum::<i64>() - own;
                let freed = held(before) - held(run);
                let wanted = (held(before) - others).clamp(0, own);
                need(freed == wanted, || format!("{step:?} freed {freed} of {wanted}"))
            }
            _ => Ok(()),
        }
    })?;
    Ok(tested(seen))
}

fn idle(events: &[Event]) -> bool {
    events.iter().all(|event| event.data == EventData::Noted)
}

/// Holds that stand, by the log alone.
fn frozen<'a>(run: &'a Run<'_>) -> Vec<(&'a str, Hold)> {
    let mut standing: Vec<(&str, Hold)> = Vec::new();
    for event in &run.log {
        match &event.data {
            EventData::HoldPlaced { hold_id, account, amount, .. } => {
                standing.push((hold_id.as_str(), Hold { account: *account, amount: *amount }));
            }
            EventData::HoldReleased { hold_id, .. } => standing.retain(|(id, _)| *id != hold_id.as_str()),
            _ => {}
        }
    }
    standing
}

/// A statement's parts sum from its opening to its closing, its closing is where the accounts stand, and
/// two periods side by side are one.
pub(crate) fn statements(machine: &Subject, seed: u64) -> Holds {
    let run = play(machine, seed, |_, _, _, _| Ok(()))?;
    let journals = run.journals();
    let cut = Timestamp::from_ms(run.now / 2);
    let made = |from: Option<Timestamp>, to: Option<Timestamp>| {
        let wallet = run.wallet.key();
        let period = Period { member: wallet.member.clone(), currency: wallet.currency, from, to };
        machine.statement(period, &journals)
    };
    let (whole, first, second) = (made(None, None), made(None, Some(cut)), made(Some(cut), None));
    for shown in [&whole, &first, &second] {
        let parts = ["earned", "reversed", "adjusted", "withdrawn", "fees", "tax", "other"];
        let moved: i64 = parts.iter().map(|name| shown.sums[name]).sum();
        let (opening, closing): (i64, i64) = (shown.opening.values().sum(), shown.closing.values().sum());
        need(opening + moved == closing, || format!("{opening} and {moved} are not {closing}: {shown:?}"))?;
        let debts = shown.sums["debt_opened"] + shown.sums["debt_repaid"];
        let debt = |of: &BTreeMap<MemberAccount, i64>| of[&MemberAccount::Debt];
        need(debt(&shown.opening) + debts == debt(&shown.closing), || format!("debts: {shown:?}"))?;
    }
    for kind in MemberAccount::ALL {
        need(whole.closing[kind] == run.book.get(&mine(*kind)).copied().unwrap_or(0), || {
            format!("closing {}", kind.name())
        })?;
        need(first.closing[kind] == second.opening[kind], || format!("{} between two periods", kind.name()))?;
    }
    for (name, sum) in &whole.sums {
        need(first.sums[name] + second.sums[name] == *sum, || format!("{name} of two periods"))?;
    }
    need(whole.sums["earned"] == run.asked.earned, || format!("{} earned", whole.sums["earned"]))?;
    need(whole.sums["reversed"] == -run.asked.reversed, || format!("{} reversed", whole.sums["reversed"]))?;
    need(whole.sums["withdrawn"] == -mall(&run, MallAccount::PaidOut), || "withdrawn".into())?;
    need(whole.sums["fees"] == -mall(&run, MallAccount::Fee), || "fees".into())?;
    Ok(tested(run.now > 0 && whole.sums["withdrawn"] != 0))
}
