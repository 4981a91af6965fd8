//! A writer is killed at random moments: what it acknowledged is there, what it had begun is not, and the
//! store is sound.

#![allow(clippy::unwrap_used)]

mod common;

use common::{at, binding, binding_policy, command_id, key, member, settle, shop, whole_life};
use fenrun::ledger::MemberAccount;
use fenrun::money::Currency;
use fenrun_store::Store;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

const CYCLES: u64 = 20;
/// Tells the test `writer` that it is the child, and which file to write.
const FILE: &str = "FENRUN_CRASH_TEST_FILE";
/// Makes the child acknowledge its second batch before it is kept: a bug the test has to see.
const EARLY: &str = "FENRUN_CRASH_TEST_EARLY";
/// What one order gives member 2.
const COMMISSION: i64 = 1000;

fn orders(store: &Store) -> u64 {
    let mut count = 0;
    store.for_each_order(&shop(), |_| count += 1).unwrap();
    count
}

/// The child: one batch an order, and a line on standard output once it is kept. It writes until it dies.
#[test]
fn writer() {
    let Ok(path) = std::env::var(FILE) else { return };
    let mut store = Store::open(path).unwrap();
    let early = std::env::var(EARLY).is_ok().then(|| orders(&store) + 2);
    for order in orders(&store) + 1.. {
        store
            .batch(|batch| {
                for command in whole_life("shop", order) {
                    batch.handle(&command)?;
                }
                let (outcome, frozen) = settle(batch, &shop(), order);
                batch.earn(&outcome, &frozen, at(1))?;
                let register =
                    binding(5, &format!(r#"{{"register":{{"member":{},"sharer":9}}}}"#, order + 100));
                batch.handle_binding(&shop(), &command_id(&format!("join-{order}")), &register)?;
                batch.confirm(&key(&shop(), order), at(4))?;
                if early == Some(order) {
                    acknowledge(order);
                    // Waits for its death in the middle of the batch.
                    std::io::stdin().read_line(&mut String::new()).unwrap();
                }
                Ok(())
            })
            .unwrap();
        acknowledge(order);
    }
}

/// A shop that binds by a policy, whose buyer is on record.
fn new_store(path: &Path) {
    let mut store = Store::create(path).unwrap();
    store
        .batch(|batch| {
            batch.put_binding_policy(&shop(), &binding_policy(r#"{"mode":"lifelong"}"#), at(0))?;
            batch.handle_binding(&shop(), &command_id("first"), &binding(0, r#"{"register":{"member":9}}"#))
        })
        .unwrap();
    store.close().unwrap();
}

fn acknowledge(order: u64) {
    let mut output = std::io::stdout();
    writeln!(output, "\nkept {order}").unwrap();
    output.flush().unwrap();
}

/// Starts a writer, kills it some time after it acknowledged `lines` batches, and tells the last one.
fn kill_after(mut writer: Command, path: &Path, lines: usize, pause: u64) -> u64 {
    let mut child = writer.env(FILE, path).spawn().unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    let mut kept = output.lines().map_while(|line| {
        line.ok().map(|line| line.strip_prefix("kept ").map(|order| order.parse::<u64>().unwrap()))
    });
    let first = kept.by_ref().flatten().take(lines).last();
    // The moment of death falls anywhere in a batch, the commit and the acknowledgement included.
    (0..pause).for_each(|_| std::thread::yield_now());
    child.kill().unwrap();
    child.wait().unwrap();
    kept.flatten().last().or(first).unwrap()
}

fn new_writer() -> Command {
    let mut writer = Command::new(std::env::current_exe().unwrap());
    writer.args(["writer", "--exact", "--nocapture", "--test-threads=1"]);
    writer.stdin(Stdio::piped()).stdout(Stdio::piped());
    writer
}

/// What has to hold after a writer died: how many orders are kept, or what is wrong.
fn check(path: &Path, acknowledged: u64) -> Result<u64, String> {
    let store = Store::open(path).unwrap();
    let kept = orders(&store);
    // The last batch may have been kept and the writer killed before it could say so.
    if kept != acknowledged && kept != acknowledged + 1 {
        return Err(format!("{kept} orders kept, {acknowledged} acknowledged"));
    }
    let confirmed = store.balance(&shop(), &member(2), MemberAccount::Confirmed, Currency::CNY).unwrap();
    if confirmed.minor() != COMMISSION * i64::try_from(kept).unwrap() {
        return Err(format!("{confirmed} confirmed for {kept} orders"));
    }
    // The buyer's order and payment are counted, and a member joins and is bound, with each order that is kept.
    let bindings = store.binding_events_after(0, u32::MAX).unwrap();
    if u64::try_from(bindings.len()).unwrap() != 1 + kept * 5 {
        return Err(format!("{} events of bindings for {kept} orders", bindings.len()));
    }
    let report = store.verify().unwrap();
    if report.is_clean() { Ok(kept) } else { Err(report.to_node().to_json_pretty()) }
}

#[test]
fn no_acknowledged_write_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    new_store(&path);
    let mut before = 0;
    for cycle in 0..CYCLES {
        let lines = usize::try_from(cycle % 5 + 1).unwrap();
        let acknowledged = kill_after(new_writer(), &path, lines, cycle * 977 % 7000);
        assert!(acknowledged > before, "the writer wrote nothing");
        before = check(&path, acknowledged).unwrap();
    }
}

#[test]
fn a_writer_that_acknowledges_too_early_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.db");
    new_store(&path);
    let mut writer = new_writer();
    writer.env(EARLY, "1");
    let acknowledged = kill_after(writer, &path, 2, 0);
    assert_eq!(check(&path, acknowledged), Err("1 orders kept, 2 acknowledged".to_owned()));
}
