//! Wallets: the chain and the replay, what events posted, and the tables of claims against the balances.

use super::{Check, View, check_links, check_numbers};
use crate::chain::Chain;
use crate::fault::{Fault, Result, inconsistent};
use crate::journals::read_amount;
use crate::links::Linked;
use crate::wallets::{WALLET_EVENT, link, read_wallet_event};
use fenrun::id::PayoutId;
use fenrun::ledger::wallet::{Event, Wallet, WalletKey, deadlines};
use fenrun::ledger::{Account, MemberAccount};
use fenrun::time::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, Row, Statement, ToSql};
use std::collections::{BTreeMap, BTreeSet};

/// What stands on the accounts that answer for claims.
type Claimed = BTreeMap<WalletKey, BTreeMap<MemberAccount, i64>>;

/// One wallet while its events go by.
struct Replay {
    wallet: Wallet,
    head: Chain,
    /// Where its last event stands among those of all wallets.
    position: i64,
    /// The last journal it posted.
    journal: i64,
    /// A broken log is told once, where it breaks.
    broken: bool,
}

/// What is looked up for each wallet or event.
struct Lookups<'c> {
    journal: Statement<'c>,
    head: Statement<'c>,
    withdrawals: Statement<'c>,
    payouts: Statement<'c>,
    holds: Statement<'c>,
    adjustments: Statement<'c>,
    transactions: Statement<'c>,
}

impl<'c> Lookups<'c> {
    fn new(view: View<'c>) -> Result<Self> {
        let of = "WHERE tenant = ?1 AND member = ?2 AND currency = ?3";
        let prepare = |text: &str| view.connection.prepare(text);
        Ok(Self {
            journal: prepare("SELECT journal_id, fingerprint FROM journals WHERE journal = ?1 AND tenant = ?2")?,
            head: prepare(&format!("SELECT version, frozen, due, head FROM wallets {of}"))?,
            withdrawals: prepare(&format!(
                "SELECT withdrawal_id, state, amount, fee, tax, requested_at, payout_id FROM withdrawals {of}
                 ORDER BY withdrawal_id"
            ))?,
            payouts: prepare(&format!(
                "SELECT payout_id, withdrawal_id, state, attempts, expires_at, transaction_id, paid FROM payouts
                 WHERE tenant = ?1 AND withdrawal_id IN
                     (SELECT withdrawal_id FROM withdrawals {of}) ORDER BY payout_id"
            ))?,
            holds: prepare(&format!("SELECT hold_id, account, amount FROM holds {of} ORDER BY hold_id"))?,
            adjustments: prepare(&format!(
                "SELECT adjustment_id, amount, proposed_by, state FROM adjustments {of} ORDER BY adjustment_id"
            ))?,
            transactions: prepare(&format!(
                "SELECT transaction_id, payout_id, amount, returned FROM transactions {of} ORDER BY transaction_id"
            ))?,
        })
    }
}

/// The checks of this pass, by name.
pub(super) const CHECKS: [&str; 6] =
    ["wallets", "withdrawals", "payouts", "holds", "adjustments", "transactions"];

pub(super) fn check(view: View<'_>, checks: &mut [Check; 6]) -> Result<Vec<String>> {
    let mut notices = Vec::new();
    let mut claimed = read_claimed(view)?;
    let mut lookups = Lookups::new(view)?;
    let mut posted = BTreeSet::new();
    let mut statement = view
        .connection
        .prepare(&format!("{WALLET_EVENT} ORDER BY tenant, member, currency, seq, position"))?;
    let mut rows = statement.query([])?;
    let mut current: Option<Replay> = None;
    while let Some(row) = rows.next()? {
        let event = read_wallet_event(row, view.currencies)?.event;
        if current.as_ref().is_none_or(|replay| *replay.wallet.key() != event.header.wallet) {
            if let Some(done) = current.take() {
                finish(&mut lookups, done, &mut claimed, checks, &mut notices)?;
            }
            let wallet = Wallet::new(event.header.wallet.clone());
            current = Some(Replay { wallet, head: Chain::default(), position: 0, journal: 0, broken: false });
        }
        posted.extend(row.get::<_, Option<i64>>(12)?);
        if let Some(replay) = current.as_mut().filter(|replay| !replay.broken) {
            let followed = follow(&mut lookups.journal, replay, row, &event);
            replay.broken = followed.is_err();
            checks[0].expect(!replay.broken, || {
                let why = followed.err().map_or_else(String::new, |fault| fault.to_string());
                format!("{} after place {}: {why}", replay.wallet.key(), replay.wallet.version())
            });
        }
    }
    if let Some(done) = current {
        finish(&mut lookups, done, &mut claimed, checks, &mut notices)?;
    }
    for (key, accounts) in
        claimed.into_iter().filter(|(_, accounts)| accounts.values().any(|minor| *minor != 0))
    {
        checks[0]
            .fault(format!("{key}: {accounts:?} stand for claims, and no event of the wallet made them"));
    }
    check_strays(view, &posted, checks)?;
    check_numbers(view, "wallet_events", "position", &mut checks[0])?;
    check_links(view, Linked::WalletEvents, &mut checks[0])?;
    Ok(notices)
}

/// Balances on reserved and held accounts.
fn read_claimed(view: View<'_>) -> Result<Claimed> {
    let mut claimed = Claimed::new();
    let mut statement = view.connection.prepare("SELECT account, currency, minor, tenant FROM balances")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (account, amount) = read_amount(row, view.currencies, 0)?;
        match account {
            Account::Member(member, kind) if kind.is_claimed() => {
                let tenant = fenrun::request::Tenant::new(&row.get::<_, String>(3)?)?;
                let key = WalletKey { tenant, member, currency: amount.currency() };
                claimed.entry(key).or_default().insert(kind, amount.minor());
            }
            _ => {}
        }
    }
    Ok(claimed)
}

/// Folds one event in, follows the chain, and looks at what it posted.
fn follow(journal: &mut Statement<'_>, replay: &mut Replay, row: &Row<'_>, event: &Event) -> Result<()> {
    let wrong = |rule: String| Err(Fault::Domain(inconsistent(rule)));
    let position: i64 = row.get(0)?;
    if position <= replay.position {
        return wrong(format!("place {} stands before what it follows on", event.seq));
    }
    replay.position = position;
    let stored: Chain = row.get(11)?;
    let head = link(&replay.head, event);
    // What is read leniently is still told when its text is not the one that was written.
    if head != stored || row.get::<_, String>(10)? != event.data.to_json() {
        return wrong(format!("the hash of place {} does not fit: an event was changed", event.seq));
    }
    let tenant = event.header.wallet.tenant.as_str();
    let posts = event.journal()?;
    let number: Option<i64> = row.get(12)?;
    let found = number.map(|number| {
        let read = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
        journal.query_row((number, tenant), read).optional()
    });
    let found = found.transpose()?.flatten();
    let wanted = posts.map(|journal| (journal.id().to_string(), journal.fingerprint().to_owned()));
    if found != wanted || number.is_some() != wanted.is_some() {
        return wrong(format!("place {} did not post what it says", event.seq));
    }
    if number.is_some_and(|number| number <= replay.journal) {
        return wrong(format!("place {} posted before what it follows on", event.seq));
    }
    replay.journal = number.unwrap_or(replay.journal);
    replay.wallet.fold(event)?;
    replay.head = head;
    Ok(())
}

/// Compares a wallet with its tables and its balances.
fn finish(
    lookups: &mut Lookups<'_>,
    replay: Replay,
    claimed: &mut Claimed,
    [wallets, withdrawals, payouts, holds, adjustments, transactions]: &mut [Check; 6],
    notices: &mut Vec<String>,
) -> Result<()> {
    let Replay { wallet, head, broken, .. } = replay;
    let key = wallet.key();
    let stands = claimed.remove(key).unwrap_or_default();
    if broken {
        return Ok(());
    }
    let open = wallet.conflicts().iter().filter(|conflict| !conflict.resolved).count();
    if open > 0 {
        notices.push(format!("{key}: {open} contradicting reports of providers nobody has resolved"));
    }
    let due = deadlines(&wallet).first().map(|deadline| deadline.at.ms());
    let at = (key.tenant.as_str(), key.member.as_str(), key.currency.code());
    let read = |row: &Row<'_>| {
        Ok((
            row.get::<_, i64>(0)?,
            row.get::<_, i64>(1)?,
            row.get::<_, Option<i64>>(2)?,
            row.get::<_, Chain>(3)?,
        ))
    };
    let stored = lookups.head.query_row(at, read).optional()?;
    let version = i64::try_from(wallet.version()).unwrap_or(i64::MAX);
    let same = stored == Some((version, i64::from(wallet.is_frozen()), due, head));
    wallets.expect(same, || format!("{key}: its row is not what its events come to"));
    let reserved = stands.get(&MemberAccount::Reserved).copied().unwrap_or(0);
    let same = lines(&mut lookups.withdrawals, at)? == withdrawals_of(&wallet);
    withdrawals.expect(same, || format!("{key}: its withdrawals are not what its events come to"));
    withdrawals.expect(i128::from(reserved) == wallet.claimed(), || {
        format!("{key}: {reserved} is reserved, its withdrawals claim {}", wallet.claimed())
    });
    let same = lines(&mut lookups.payouts, at)? == payouts_of(&wallet);
    payouts.expect(same, || format!("{key}: its payouts are not what its events come to"));
    let held: i128 =
        stands.iter().filter(|(kind, _)| kind.unheld() != **kind).map(|(_, minor)| i128::from(*minor)).sum();
    let same = lines(&mut lookups.holds, at)? == holds_of(&wallet);
    holds.expect(same, || format!("{key}: its holds are not what its events come to"));
    holds.expect(held <= wallet.frozen(), || {
        format!("{key}: {held} is held, its holds froze {} at most", wallet.frozen())
    });
    let same = lines(&mut lookups.adjustments, at)? == adjustments_of(&wallet);
    adjustments.expect(same, || format!("{key}: its adjustments are not what its events come to"));
    let same = lines(&mut lookups.transactions, at)? == transactions_of(&wallet);
    transactions.expect(same, || {
        format!(
            "{key}: its transactions are not what its events come to, or another wallet paid by one of them"
        )
    });
    Ok(())
}

/// The rows of a table as texts, one a row; a column without a value is none.
fn lines(statement: &mut Statement<'_>, at: (&str, &str, &str)) -> Result<Vec<Line>> {
    let columns = statement.column_count();
    let parts: [&dyn ToSql; 3] = [&at.0, &at.1, &at.2];
    let mut rows = statement.query(parts)?;
    let mut lines = Vec::new();
    while let Some(row) = rows.next()? {
        let mut line = Vec::with_capacity(columns);
        for column in 0..columns {
            line.push(match row.get_ref(column)? {
                ValueRef::Integer(value) => Some(value.to_string()),
                ValueRef::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
                ValueRef::Real(_) | ValueRef::Blob(_) | ValueRef::Null => None,
            });
        }
        lines.push(line);
    }
    Ok(lines)
}

/// The columns of a row, each as its text.
type Line = Vec<Option<String>>;

fn text(value: impl ToString) -> Option<String> {
    Some(value.to_string())
}

fn withdrawals_of(wallet: &Wallet) -> Vec<Line> {
    let line = wallet.withdrawals().iter().map(|(id, withdrawal)| {
        let amounts = [withdrawal.amount, withdrawal.fee, withdrawal.tax, withdrawal.requested_at.ms()];
        let head = [text(id), text(withdrawal.state.name())];
        let last = withdrawal.payout.as_ref().and_then(text);
        head.into_iter().chain(amounts.map(text)).chain([last]).collect()
    });
    line.collect()
}

fn payouts_of(wallet: &Wallet) -> Vec<Line> {
    let line = |(id, payout): (&PayoutId, &fenrun::ledger::wallet::Payout)| {
        vec![
            text(id),
            text(&payout.withdrawal_id),
            text(payout.state.name()),
            text(payout.attempts),
            payout.expires_at.map(Timestamp::ms).and_then(text),
            payout.transaction_id.as_ref().and_then(text),
            text(payout.paid),
        ]
    };
    wallet.payouts().iter().map(line).collect()
}

fn holds_of(wallet: &Wallet) -> Vec<Line> {
    let line = wallet.holds().map(|(id, hold)| {
        vec![text(id), hold.account.map(MemberAccount::name).and_then(text), text(hold.amount)]
    });
    line.collect()
}

fn adjustments_of(wallet: &Wallet) -> Vec<Line> {
    let line = wallet.adjustments().iter().map(|(id, adjustment)| {
        let (amount, by) = (text(adjustment.amount), text(&adjustment.proposed_by));
        vec![text(id), amount, by, text(adjustment.state.name())]
    });
    line.collect()
}

fn transactions_of(wallet: &Wallet) -> Vec<Line> {
    let line = wallet.transfers().iter().map(|(id, transfer)| {
        let returned = text(i64::from(transfer.returned));
        vec![text(id), text(&transfer.payout_id), text(transfer.amount), returned]
    });
    line.collect()
}

/// Rows and journals no event made, and payouts that are live side by side.
fn check_strays(view: View<'_>, posted: &BTreeSet<i64>, checks: &mut [Check; 6]) -> Result<()> {
    for (check, table) in
        [(0, "wallets"), (1, "withdrawals"), (3, "holds"), (4, "adjustments"), (5, "transactions")]
    {
        let mut statement = view.connection.prepare(&format!(
            "SELECT t.member FROM {table} t WHERE NOT EXISTS (SELECT 1 FROM wallet_events e
                 WHERE e.tenant = t.tenant AND e.member = t.member AND e.currency = t.currency)"
        ))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            checks[check]
                .fault(format!("{table}: a row of member {} without events", row.get::<_, String>(0)?));
        }
    }
    let mut statement = view.connection.prepare(
        "SELECT p.payout_id FROM payouts p WHERE NOT EXISTS (SELECT 1 FROM withdrawals w
             WHERE w.tenant = p.tenant AND w.withdrawal_id = p.withdrawal_id)",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        checks[2].fault(format!("payout {} has no withdrawal", row.get::<_, String>(0)?));
    }
    // The index that forbids it may be the one that is broken, so the rows themselves are counted.
    let mut statement = view.connection.prepare(
        "SELECT withdrawal_id, count(*) FROM payouts NOT INDEXED
         WHERE state IN ('requested', 'sent', 'awaiting_payee') GROUP BY tenant, withdrawal_id HAVING count(*) > 1",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (id, count): (String, i64) = (row.get(0)?, row.get(1)?);
        checks[2].fault(format!("withdrawal {id} has {count} payouts the provider may act on"));
    }
    let mut statement = view
        .connection
        .prepare("SELECT journal, journal_id FROM journals WHERE journal_id LIKE 'wallet:%'")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if !posted.contains(&row.get(0)?) {
            checks[0].fault(format!("journal {} has no event of a wallet", row.get::<_, String>(1)?));
        }
    }
    Ok(())
}
