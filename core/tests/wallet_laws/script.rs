//! Random scripts: what is earned, asked for and reported, resolved against the wallet as it stands.

use crate::machine::{Commission, Machine, Run, Verdict};
use fenrun::id::{AdjustmentId, HoldId, PayoutId, TransactionId, WithdrawalId};
use fenrun::ledger::MemberAccount;
use fenrun::ledger::wallet::{Action, Command, Fee, Policy, Tax, TaxOf, Verdict as Finding, WithdrawalState};
use fenrun::money::Rounding;
use fenrun::request::Reason;
use fenrun::time::Timestamp;

/// Numbers that look random and are the same on every run (splitmix64).
#[derive(Clone)]
pub(crate) struct Numbers(u64);

impl Numbers {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    pub(crate) fn amount(&mut self, end: u64) -> i64 {
        i64::try_from(1 + self.below(end)).unwrap()
    }

    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        let end = u64::try_from(items.len()).unwrap();
        if end == 0 {
            return None;
        }
        items.get(usize::try_from(self.below(end)).unwrap())
    }
}

pub(crate) fn reason() -> Reason {
    Reason::new("law").unwrap()
}

/// A transaction that another wallet of the shop has on record.
pub(crate) const ELSEWHERE: &str = "t-of-another";

/// One step of a script.
#[derive(Clone, Debug)]
pub(crate) enum Move {
    Commission(Commission, i64),
    Command(Command),
    Wait(i64),
}

/// What the step came to; commission says nothing beyond being refused.
pub(crate) enum Came {
    Command(Verdict),
    Beside,
}

const STAGES: [MemberAccount; 3] =
    [MemberAccount::Pending, MemberAccount::Confirmed, MemberAccount::Available];

/// Limits, fees and taxes of every kind, small enough to be met.
pub(crate) fn policy(numbers: &mut Numbers) -> Policy {
    let rounding = *numbers.pick(&[Rounding::Down, Rounding::Up, Rounding::HalfAway]).unwrap();
    let rates = ["0%", "1.5%", "10%", "33.3%"].map(|text| text.parse().unwrap());
    let chance = |numbers: &mut Numbers, end| (numbers.below(3) == 0).then(|| numbers.amount(end));
    Policy {
        min: numbers.amount(30),
        max: chance(numbers, 200).map(|most| most + 20),
        daily_count: chance(numbers, 3).map(|most| u32::try_from(most).unwrap()),
        daily_amount: chance(numbers, 300).map(|most| most + 20),
        utc_offset_minutes: if numbers.below(2) == 0 { 0 } else { 480 },
        fee: Fee {
            fixed: numbers.amount(4) - 1,
            rate: *numbers.pick(&rates).unwrap(),
            rounding,
            min: numbers.amount(4) - 1,
            max: chance(numbers, 6).map(|most| most + 3),
        },
        tax: Tax {
            rate: *numbers.pick(&rates).unwrap(),
            of: if numbers.below(2) == 0 { TaxOf::Amount } else { TaxOf::AfterFee },
            rounding,
        },
    }
}

fn id<T>(make: impl FnOnce(&str) -> fenrun::Result<T>, prefix: &str, number: usize) -> T {
    make(&format!("{prefix}{number}")).unwrap()
}

fn payouts(run: &Run<'_>) -> Vec<PayoutId> {
    run.wallet.payouts().keys().cloned().collect()
}

/// The next step: mostly something that can happen, now and then something that cannot.
pub(crate) fn next(run: &Run<'_>, numbers: &mut Numbers) -> Move {
    match numbers.below(24) {
        0 | 1 => Move::Commission(Commission::Earned, numbers.amount(300)),
        2 | 3 => Move::Commission(Commission::Confirmed, part(run, numbers, MemberAccount::Pending)),
        4 | 5 => Move::Commission(Commission::Released, part(run, numbers, MemberAccount::Confirmed)),
        6 => {
            let from = [STAGES.as_slice(), &[MemberAccount::Reserved, MemberAccount::Debt]].concat();
            let from = *numbers.pick(&from).unwrap();
            Move::Commission(Commission::TakenBack(from), numbers.amount(120))
        }
        7 => Move::Wait(numbers.amount(20 * 3_600_000)),
        8 if !run.sent.is_empty() => Move::Command(again(run, numbers)),
        kind => {
            let action = action(run, numbers, kind);
            let actor = if action == Action::Tick { "clock" } else { numbers.pick(&["ann", "bob"]).unwrap() };
            Move::Command(run.next(actor, action))
        }
    }
}

/// A command that came before, the same or with another content.
fn again(run: &Run<'_>, numbers: &mut Numbers) -> Command {
    let known = numbers.pick(&run.sent).unwrap().clone();
    if numbers.below(4) > 0 {
        return known;
    }
    let fresh = run.next("ann", Action::Tick);
    let envelope = fenrun::ledger::wallet::Envelope {
        wallet: fresh.header().wallet.clone(),
        expected_version: None,
        command_id: known.header().command_id.clone(),
        actor: fresh.header().actor.clone(),
        now: fresh.header().at,
    };
    let hold_id = id(HoldId::new, "clash", run.sent.len());
    Command::new(envelope, Action::Hold { hold_id, account: None, amount: None, reason: reason() })
}

/// Some of what stands on an account, now and then more.
fn part(run: &Run<'_>, numbers: &mut Numbers, account: MemberAccount) -> i64 {
    let held = account.held().map_or(0, |held| run.wallet.balance(held));
    let stands = run.wallet.balance(account) + held;
    if stands <= 0 { 1 } else { numbers.amount(u64::try_from(stands + 5).unwrap()) }
}

fn action(run: &Run<'_>, numbers: &mut Numbers, kind: u64) -> Action {
    let number = run.sent.len();
    let ids: Vec<_> = run.wallet.withdrawals().keys().cloned().collect();
    let withdrawal = numbers.pick(&ids).cloned().unwrap_or_else(|| id(WithdrawalId::new, "none", 0));
    let payout = numbers.pick(&payouts(run)).cloned().unwrap_or_else(|| id(PayoutId::new, "none", 0));
    match kind {
        8..=10 => {
            let amount = numbers.amount(150);
            Action::Request {
                withdrawal_id: id(WithdrawalId::new, "w", number),
                amount,
                policy: policy(numbers),
            }
        }
        11 => Action::Reject { withdrawal_id: withdrawal, reason: reason() },
        12 => Action::Cancel { withdrawal_id: withdrawal, reason: reason() },
        13 => Action::Pay { withdrawal_id: withdrawal, payout_id: payout },
        14 => report(run, numbers, payout),
        15 => hold(run, numbers),
        16 => adjustment(run, numbers),
        17 => Action::Tick,
        _ => onward(run, numbers, withdrawal),
    }
}

/// What usually comes next for a withdrawal.
fn onward(run: &Run<'_>, numbers: &mut Numbers, withdrawal_id: WithdrawalId) -> Action {
    let known = run.wallet.withdrawals().get(&withdrawal_id);
    let payout = known.and_then(|withdrawal| withdrawal.payout.clone());
    match (known.map(|withdrawal| withdrawal.state), payout) {
        (None | Some(WithdrawalState::Requested), _) => Action::Approve { withdrawal_id },
        (Some(WithdrawalState::PayoutRequested), Some(payout_id)) if numbers.below(2) == 0 => {
            Action::Send { payout_id }
        }
        (Some(state), Some(payout_id)) if state.has_live_payout() || numbers.below(3) == 0 => {
            report(run, numbers, payout_id)
        }
        _ => Action::Pay { withdrawal_id, payout_id: id(PayoutId::new, "p", run.sent.len()) },
    }
}

/// What a provider may say of a payout, the right thing or not.
pub(crate) fn report(run: &Run<'_>, numbers: &mut Numbers, payout_id: PayoutId) -> Action {
    let of = run.wallet.payouts().get(&payout_id).map(|payout| &payout.withdrawal_id);
    let net = of.and_then(|id| run.wallet.withdrawals().get(id)).map_or(1, |withdrawal| withdrawal.net());
    match numbers.below(10) {
        0 | 1 => {
            let expires_at = Timestamp::from_ms(run.now + numbers.amount(90_000_000));
            Action::PayoutAwaiting { payout_id, expires_at }
        }
        2..=4 => {
            let amount = if numbers.below(5) == 0 { net + numbers.amount(9) - 5 } else { net };
            let transaction = match numbers.below(10) {
                0..=4 => "t".into(),
                5 => format!("t-{payout_id}-again"),
                6 => ELSEWHERE.into(),
                _ => format!("t-{payout_id}"),
            };
            let transaction_id = TransactionId::new(&transaction).unwrap();
            Action::PayoutSucceeded { payout_id, transaction_id, amount }
        }
        5 | 6 => Action::PayoutFailed { payout_id, reason: reason() },
        7 => Action::PayoutLapsed { payout_id },
        _ => {
            let open: Vec<_> = run.wallet.conflicts().iter().filter(|conflict| !conflict.resolved).collect();
            let verdict = *numbers.pick(Finding::ALL).unwrap();
            match numbers.pick(&open) {
                None => Action::PayoutLapsed { payout_id },
                Some(conflict) => {
                    let payout_id = conflict.payout_id.clone();
                    // Whoever finds out that money came back may know by which transaction it went.
                    let named = (verdict == Finding::Returned && numbers.below(2) == 0)
                        .then(|| run.wallet.transfers().iter().find(|(_, sent)| sent.payout_id == payout_id))
                        .flatten()
                        .map(|(id, _)| id.clone());
                    let transaction_id = named.or_else(|| conflict.transaction_id.clone());
                    Action::Resolve { payout_id, transaction_id, verdict, reason: reason() }
                }
            }
        }
    }
}

fn hold(run: &Run<'_>, numbers: &mut Numbers) -> Action {
    let ids: Vec<_> = run.wallet.holds().map(|(id, _)| id.clone()).collect();
    if let Some(hold_id) = numbers.pick(&ids).filter(|_| run.sent.len() % 3 > 0) {
        return Action::ReleaseHold { hold_id: hold_id.clone(), reason: reason() };
    }
    let hold_id = id(HoldId::new, "h", run.sent.len());
    let account = (numbers.below(8) > 0).then(|| *numbers.pick(&STAGES).unwrap());
    let amount = account.filter(|_| numbers.below(2) == 0).map(|kind| {
        let stands = u64::try_from(run.wallet.balance(kind).max(1)).unwrap();
        numbers.amount(stands + 3)
    });
    Action::Hold { hold_id, account, amount, reason: reason() }
}

fn adjustment(run: &Run<'_>, numbers: &mut Numbers) -> Action {
    let ids: Vec<_> = run.wallet.adjustments().keys().cloned().collect();
    match numbers.pick(&ids).filter(|_| numbers.clone().below(3) > 0) {
        Some(adjustment_id) if numbers.below(4) == 0 => {
            Action::RejectAdjustment { adjustment_id: adjustment_id.clone(), reason: reason() }
        }
        Some(adjustment_id) => Action::ApproveAdjustment { adjustment_id: adjustment_id.clone() },
        None => {
            let sign = if numbers.below(2) == 0 { 1 } else { -1 };
            let text = if numbers.below(8) == 0 { " " } else { "why" };
            Action::ProposeAdjustment {
                adjustment_id: id(AdjustmentId::new, "a", run.sent.len()),
                amount: sign * numbers.amount(80),
                reason: Reason::new(text).unwrap(),
            }
        }
    }
}

/// Plays the script of a seed and shows each step: the run before it, the step, what it came to, the run
/// after it.
pub(crate) fn play<'m>(
    machine: &'m dyn Machine,
    seed: u64,
    mut see: impl FnMut(&Run<'m>, &Move, &Came, &Run<'m>) -> Result<(), String>,
) -> Result<Run<'m>, String> {
    let mut numbers = Numbers::new(seed);
    let mut run = Run::new(machine);
    run.wallet = run.wallet.beside([TransactionId::new(ELSEWHERE).unwrap()]);
    for what in [Commission::Earned, Commission::Confirmed, Commission::Released] {
        run.commission(what, 200).map_err(|error| error.to_string())?;
    }
    for _ in 0..60 {
        let step = next(&run, &mut numbers);
        let before = run.clone();
        let came = match &step {
            Move::Commission(what, minor) => {
                // A refusal is part of the script.
                let _ = run.commission(*what, *minor);
                Came::Beside
            }
            Move::Command(command) => match run.send(command) {
                Verdict::Broken(why) => return Err(format!("{:?}: {why}", command.action())),
                verdict => Came::Command(verdict),
            },
            Move::Wait(ms) => {
                run.now += ms;
                Came::Beside
            }
        };
        see(&before, &step, &came, &run)?;
    }
    Ok(run)
}
