//! What the tests of the store share.

#![allow(dead_code, clippy::unwrap_used)]

pub(crate) mod bindings;

use fenrun::doc::read_json;
use fenrun::id::{CommandId, JournalId, MemberId, OrderId};
use fenrun::ledger::{Account, Journal, MallAccount, MemberAccount, Posting, wallet};
use fenrun::money::{Currency, CurrencyTable};
use fenrun::reward::binding::{BindingCommand, BindingPolicy};
use fenrun::reward::commission::{Frozen, Outcome};
use fenrun::reward::plan::Plan;
use fenrun::sale::Sale;
use fenrun::time::Timestamp;
use fenrun::trade::order::{Command, Tenant};
use fenrun_store::{Batch, Options, SaleKey, Store};
use std::path::PathBuf;
use tempfile::TempDir;

pub(crate) const DAY_MS: i64 = 86_400_000;

/// A store in a folder that goes away with it.
pub(crate) struct Home {
    pub(crate) folder: TempDir,
    pub(crate) store: Store,
}

impl Home {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create(folder.path().join("shop.db")).unwrap();
        Self { folder, store }
    }

    /// A store whose host registered points.
    pub(crate) fn with_points() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = Options { currencies: points().0, ..Options::default() };
        let store = Store::create_with(folder.path().join("shop.db"), &options).unwrap();
        Self { folder, store }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.store.path().to_owned()
    }

    /// A second connection that knows nothing of the store's rules.
    pub(crate) fn raw(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.store.path()).unwrap()
    }
}

/// Points without decimals, and the table that knows them.
pub(crate) fn points() -> (CurrencyTable, Currency) {
    let mut table = CurrencyTable::default();
    let points = table.register("PTS", 0).unwrap();
    (table, points)
}

/// A journal that gives a member something at hand.
pub(crate) fn gift(id: &str, to: u64, minor: i64, currency: Currency) -> Journal {
    let from = Account::Mall(MallAccount::CommissionExpense);
    let to = Account::member(&member(to), MemberAccount::Available);
    let postings = [Posting::new(from, -minor, currency), Posting::new(to, minor, currency)];
    Journal::new(JournalId::new(id).unwrap(), at(0), "gift", postings).unwrap()
}

pub(crate) fn shop() -> Tenant {
    Tenant::new("shop").unwrap()
}

pub(crate) fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms)
}

pub(crate) fn member(id: u64) -> MemberId {
    MemberId::from(id)
}

/// A command of an order, from the body a host would send.
pub(crate) fn command(tenant: &str, order: u64, id: &str, now: i64, body: &str) -> Command {
    let text = format!(
        r#"{{"tenant":"{tenant}","order_id":{order},"command_id":"{id}","now":{now},"actor":"test","command":{body}}}"#
    );
    Command::from_node(&read_json(&text, 1 << 20).unwrap()).unwrap()
}

/// 3 units for 100.00, buyer 9, invited by 2, invited by 1.
pub(crate) fn place(tenant: &str, order: u64) -> Command {
    let body = r#"{"place":{"currency":"CNY","lines":[{"id":"a","units":3,"paid":10000}],
        "terms":{"window_ms":0,"auto_release":true},"sale":{"buyer":{"id":9},"upline":[{"id":2},{"id":1}]}}}"#;
    command(tenant, order, "place", 0, body)
}

pub(crate) fn capture(tenant: &str, order: u64) -> Command {
    let body = format!(r#"{{"capture":{{"transaction_id":"t-{order}","amount":10000}}}}"#);
    command(tenant, order, "capture", 1, &body)
}

/// The commands that bring an order from nothing to completed.
pub(crate) fn whole_life(tenant: &str, order: u64) -> Vec<Command> {
    vec![
        place(tenant, order),
        capture(tenant, order),
        command(tenant, order, "ship", 2, r#""ship""#),
        command(tenant, order, "deliver", 3, r#""deliver""#),
        command(tenant, order, "tick", 4, r#""tick""#),
    ]
}

/// 10 % to the first stop and 5 % to the second, held for two days once confirmed.
pub(crate) fn plan() -> Plan {
    let text = r#"
        schema = "fenrun.plan/1"
        name = "two levels"
        currency = "CNY"
        [[rule]]
        id = "upline"
        on = "order"
        of = "paid"
        to = { up = "referral" }
        pay = { levels = ["10%", "5%", "1%"] }
        hold_days = 2
    "#;
    Plan::from_toml(text).unwrap()
}

/// 10 % to the first stop, 15.00 a month at most.
pub(crate) fn capped() -> Plan {
    let text = r#"
        schema = "fenrun.plan/1"
        name = "capped"
        currency = "CNY"
        [[rule]]
        id = "first"
        on = "order"
        of = "paid"
        to = { up = "referral" }
        pay = { levels = ["10%"] }
        cap = [{ per = "payee", every = "month", limit = 1500 }]
    "#;
    Plan::from_toml(text).unwrap()
}

/// A sale of 100.00 to 9, invited by 2, of an order that is kept elsewhere.
pub(crate) fn sale(tenant: &Tenant, id: &str, placed_at: i64) -> Sale {
    let text = format!(
        r#"{{"id":"{id}","tenant":"{}","placed_at":{placed_at},"buyer":9,"upline":[2],
            "lines":[{{"id":"a","units":4,"paid":10000}}]}}"#,
        tenant.as_str()
    );
    Sale::from_node(&read_json(&text, 1 << 16).unwrap(), Currency::CNY).unwrap()
}

/// A binding policy, from the document a host would put on record.
pub(crate) fn binding_policy(text: &str) -> BindingPolicy {
    BindingPolicy::from_node(&read_json(text, 1 << 16).unwrap()).unwrap()
}

/// A command about bindings, from the body a host would send: of the shop's own, with a reason.
pub(crate) fn binding(now: i64, body: &str) -> BindingCommand {
    let inner = body.strip_prefix('{').unwrap().strip_suffix('}').unwrap();
    let text = format!(r#"{{{inner},"now":{now},"actor":"clerk","reason":"asked for"}}"#);
    BindingCommand::from_node(&read_json(&text, 1 << 16).unwrap()).unwrap()
}

pub(crate) fn command_id(id: &str) -> CommandId {
    CommandId::new(id).unwrap()
}

/// What a placed order comes to.
pub(crate) fn settle(batch: &mut Batch<'_>, tenant: &Tenant, order: u64) -> (Outcome, Frozen) {
    let sale = batch.order(tenant, &OrderId::from(order)).unwrap().unwrap().to_sale().unwrap();
    Frozen::settle(&plan(), &sale).unwrap()
}

pub(crate) fn key(tenant: &Tenant, order: u64) -> SaleKey {
    SaleKey { tenant: tenant.clone(), sale: order.into(), version: 1 }
}

/// An order from placement to confirmed commission.
pub(crate) fn whole_order(store: &mut Store, tenant: &Tenant, order: u64) {
    store
        .batch(|batch| {
            for command in whole_life(tenant.as_str(), order) {
                batch.handle(&command)?;
            }
            let (outcome, frozen) = settle(batch, tenant, order);
            batch.earn(&outcome, &frozen, at(1))?;
            batch.confirm(&key(tenant, order), at(4))
        })
        .unwrap();
}

/// A command of a member's wallet in CNY, from the body a host would send.
pub(crate) fn wallet_command(member: u64, id: &str, now: i64, actor: &str, body: &str) -> wallet::Command {
    let text = format!(
        r#"{{"tenant":"shop","member":{member},"currency":"CNY","command_id":"{id}","now":{now},"actor":"{actor}","command":{body}}}"#
    );
    wallet::Command::from_node(&read_json(&text, 1 << 20).unwrap()).unwrap()
}

/// Commands of member 2's wallet that pay a withdrawal out.
pub(crate) fn paid_withdrawal(id: &str, amount: i64, policy: &str, net: i64) -> Vec<wallet::Command> {
    let bodies = [
        format!(r#"{{"request":{{"withdrawal_id":"{id}","amount":{amount},"policy":{policy}}}}}"#),
        format!(r#"{{"approve":{{"withdrawal_id":"{id}"}}}}"#),
        format!(r#"{{"pay":{{"withdrawal_id":"{id}","payout_id":"{id}-p"}}}}"#),
        format!(r#"{{"send":{{"payout_id":"{id}-p"}}}}"#),
        format!(
            r#"{{"payout_succeeded":{{"payout_id":"{id}-p","transaction_id":"{id}-t","amount":{net}}}}}"#
        ),
    ];
    let command = |(at, body): (usize, &String)| wallet_command(2, &format!("{id}-{at}"), 9, "clerk", body);
    bodies.iter().enumerate().map(command).collect()
}
