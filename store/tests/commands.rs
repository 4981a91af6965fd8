//! Commands and events: idempotency, conflicts, whole batches, tenants.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Home, at, capture, command, place, shop, whole_life};
use fenrun::Code;
use fenrun::id::OrderId;
use fenrun::ledger::Posted;
use fenrun::trade::order::{Decision, Event, Life, OrderStream, Tenant, decide};

#[test]
fn the_same_command_gives_the_first_events() {
    let mut home = Home::new();
    for batches in 0..2 {
        for command in whole_life("shop", 1) {
            let first = home.store.batch(|batch| batch.handle(&command)).unwrap();
            let again = home.store.batch(|batch| batch.handle(&command)).unwrap();
            assert_eq!((first.events, again.posted), (again.events, Posted::Repeat));
            assert_eq!(first.posted, if batches == 0 { Posted::New } else { Posted::Repeat });
        }
    }
    let order = home.store.order(&shop(), &1.into()).unwrap().unwrap();
    assert_eq!(order.life(), Life::Completed);
    let events = home.store.events(&shop(), &1.into()).unwrap();
    assert_eq!(OrderStream::replay(events).unwrap().order(), &order);
    assert!(home.store.verify().unwrap().is_clean());
}

#[test]
fn the_same_id_with_another_content_is_a_conflict() {
    let mut home = Home::new();
    home.store.batch(|batch| batch.handle(&place("shop", 1))).unwrap();
    let other = command("shop", 1, "place", 9, r#"{"cancel":{"reason":"other"}}"#);
    let error = home.store.batch(|batch| batch.handle(&other)).unwrap_err();
    assert_eq!(error.code(), Code::IdempotencyConflict);
    assert_eq!(home.store.events(&shop(), &1.into()).unwrap().len(), 1);
}

#[test]
fn a_batch_is_kept_whole_or_not_at_all() {
    let mut home = Home::new();
    let broken = command("shop", 2, "ship", 5, r#""ship""#);
    let failed = home.store.batch(|batch| {
        batch.handle(&place("shop", 1))?;
        batch.handle(&capture("shop", 1))?;
        batch.handle(&place("shop", 2))?;
        batch.handle(&broken)
    });
    assert_eq!(failed.unwrap_err().code(), Code::NotAllowed);
    for table in ["events", "commands", "orders"] {
        let rows: i64 =
            home.raw().query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 0, "{table}");
    }
    assert!(home.store.order(&shop(), &1.into()).unwrap().is_none());
}

#[test]
fn a_refusal_that_wrote_nothing_may_be_caught() {
    let mut home = Home::new();
    let broken = command("shop", 1, "ship", 5, r#""ship""#);
    home.store
        .batch(|batch| {
            batch.handle(&place("shop", 1))?;
            assert_eq!(batch.handle(&broken).unwrap_err().code(), Code::NotAllowed);
            batch.handle(&capture("shop", 1))
        })
        .unwrap();
    let order = home.store.order(&shop(), &1.into()).unwrap().unwrap();
    assert_eq!(order.life(), Life::AwaitingShipment);
    assert!(home.store.verify().unwrap().is_clean());
}

#[test]
fn a_failure_in_the_middle_of_a_write_may_not_be_caught() {
    let mut home = Home::new();
    let trigger = "CREATE TRIGGER stop BEFORE INSERT ON events WHEN new.seq = 3
        BEGIN SELECT RAISE(ABORT, 'planted'); END";
    home.raw().execute_batch(trigger).unwrap();
    let failed = home.store.batch(|batch| {
        batch.handle(&place("shop", 1))?;
        // Payment makes two events: the second, third of the log, is refused after the first was written.
        assert!(batch.handle(&capture("shop", 1)).is_err());
        assert_eq!(batch.handle(&place("shop", 2)).unwrap_err().code(), Code::Database);
        Ok(())
    });
    let error = failed.unwrap_err();
    assert!(error.message().contains("planted"), "{error}");
    assert!(home.store.order(&shop(), &1.into()).unwrap().is_none());
}

#[test]
fn equal_ids_of_two_tenants_never_meet() {
    let mut home = Home::new();
    let (left, right) = (shop(), Tenant::new("").unwrap());
    home.store
        .batch(|batch| {
            batch.handle(&place("shop", 1))?;
            batch.handle(&capture("shop", 1))?;
            batch.handle(&place("", 1))
        })
        .unwrap();
    let life = |tenant| home.store.order(tenant, &1.into()).unwrap().unwrap().life();
    assert_eq!((life(&left), life(&right)), (Life::AwaitingShipment, Life::PendingPayment));
    assert!(home.store.order(&Tenant::new("other").unwrap(), &1.into()).unwrap().is_none());
    let mut seen = Vec::new();
    home.store.for_each_order(&right, |order| seen.push((order.order_id.to_string(), order.life))).unwrap();
    assert_eq!(seen, [("1".to_owned(), "pending_payment".to_owned())]);
}

#[test]
fn the_outbox_serves_every_event_once_in_order() {
    let mut home = Home::new();
    for order in 1..=3 {
        home.store.batch(|batch| batch.handle(&place("shop", order))).unwrap();
        home.store.batch(|batch| batch.handle(&capture("shop", order))).unwrap();
    }
    let (mut position, mut seen) = (0, Vec::new());
    loop {
        let events = home.store.events_after(position, 2).unwrap();
        let Some(last) = events.last() else { break };
        position = last.position;
        seen.extend(
            events.into_iter().map(|stored| (stored.event.header.order_id.to_string(), stored.event.seq)),
        );
    }
    let wanted = (1..=3).flat_map(|order: u64| (1..=3).map(move |seq| (order.to_string(), seq)));
    assert_eq!(seen, wanted.collect::<Vec<_>>());
}

#[test]
fn events_decided_elsewhere_are_appended_once() {
    let mut elsewhere = OrderStream::new("shop", "1").unwrap();
    let mut home = Home::new();
    let mut logs: Vec<Vec<Event>> = Vec::new();
    for command in whole_life("shop", 1) {
        logs.push(elsewhere.handle(&command).unwrap().events.to_vec());
    }
    for events in &logs {
        assert_eq!(home.store.batch(|batch| batch.append(events)).unwrap(), Posted::New);
        assert_eq!(home.store.batch(|batch| batch.append(events)).unwrap(), Posted::Repeat);
    }
    assert_eq!(home.store.order(&shop(), &1.into()).unwrap().as_ref(), Some(elsewhere.order()));

    let mut fork = OrderStream::new("shop", "1").unwrap();
    fork.handle(&place("shop", 1)).unwrap();
    let other = fork.handle(&command("shop", 1, "no", 7, r#"{"cancel":{"reason":"fork"}}"#)).unwrap();
    let error = home.store.batch(|batch| batch.append(other.events)).unwrap_err();
    assert_eq!(error.code(), Code::StoreConflict);
    let gap = home.store.batch(|batch| {
        let mut late = logs[1].clone();
        late.iter_mut().for_each(|event| event.seq += 90);
        batch.append(&late)
    });
    assert!(gap.is_err());
    assert!(home.store.batch(|batch| batch.append(&[])).is_err());
    assert!(home.store.verify().unwrap().is_clean());
}

#[test]
fn due_orders_are_found_by_time() {
    let mut home = Home::new();
    let body = |ms: u32| {
        format!(
            r#"{{"place":{{"currency":"CNY","lines":[{{"id":1,"units":1,"paid":5}}],"terms":{{"pay_within_ms":{ms}}}}}}}"#
        )
    };
    for (order, ms) in [(1, 500), (2, 100), (3, 900)] {
        let place = command("shop", order, "place", 0, &body(ms));
        home.store.batch(|batch| batch.handle(&place)).unwrap();
    }
    let due = home.store.orders_due(&shop(), at(500), 9).unwrap();
    assert_eq!(due, [OrderId::from(2), OrderId::from(1)]);
    let tick = command("shop", 2, "tick", 500, r#""tick""#);
    home.store.batch(|batch| batch.handle(&tick)).unwrap();
    assert_eq!(home.store.orders_due(&shop(), at(500), 9).unwrap(), [OrderId::from(1)]);
}

#[test]
fn a_command_that_found_nothing_to_do_never_acts_later() {
    let mut home = Home::new();
    home.store.batch(|batch| batch.handle(&place("shop", 1))).unwrap();
    let early = |now| command("shop", 1, "early", now, r#""tick""#);
    for (at, posted) in [(1, Posted::New), (2, Posted::Repeat)] {
        let idle = home.store.batch(|batch| batch.handle(&early(at))).unwrap();
        assert_eq!((idle.posted, idle.events), (posted, Vec::new()));
    }
    // Now a tick would act; this one came before.
    let rest = &whole_life("shop", 1)[1..4];
    rest.iter().for_each(|command| _ = home.store.batch(|batch| batch.handle(command)).unwrap());
    let late = home.store.batch(|batch| batch.handle(&early(9))).unwrap();
    assert_eq!((late.posted, late.events.len()), (Posted::Repeat, 0));
    let other = command("shop", 1, "early", 9, r#"{"hold":{"reason":"other"}}"#);
    let error = home.store.batch(|batch| batch.handle(&other)).unwrap_err();
    assert_eq!(error.code(), Code::IdempotencyConflict);
    // Nor with events that another process decided.
    let tick = command("shop", 1, "early", 9, r#""tick""#);
    let order = home.store.order(&shop(), &1.into()).unwrap().unwrap();
    let Decision::Accepted(events) = decide(&order, &tick).unwrap() else { panic!("a repeat") };
    assert!(!events.is_empty());
    let error = home.store.batch(|batch| batch.append(&events)).unwrap_err();
    assert_eq!(error.code(), Code::StoreConflict);
    assert_eq!(home.store.order(&shop(), &1.into()).unwrap().unwrap().life(), Life::Received);
    // Elsewhere the id is free.
    home.store.batch(|batch| batch.handle(&place("shop", 2))).unwrap();
    let free = command("shop", 2, "early", 9, r#"{"cancel":{"reason":"other"}}"#);
    assert_eq!(home.store.batch(|batch| batch.handle(&free)).unwrap().events.len(), 1);
    assert!(home.store.verify().unwrap().is_clean());
}
