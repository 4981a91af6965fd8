//! Bindings by policy in the store: won, kept and lost with dates and reasons, and driven by orders.

#![allow(clippy::unwrap_used)]

mod common;

use common::bindings::{PROTECT, bind, bind_as, check, history, ruled, upline};
use common::{DAY_MS, Home, at, binding, binding_policy, command_id, member, shop};
use fenrun::Code;
use fenrun::id::{CommandId, MemberId};
use fenrun::ledger::Posted;
use fenrun::reward::binding::{What, Why};
use fenrun::trade::order::Tenant;

#[test]
fn an_inviter_is_won_kept_taken_over_and_lost() {
    let mut home = ruled(PROTECT);
    bind(&mut home, DAY_MS, r#"{"register":{"member":3,"sharer":1}}"#).unwrap();
    assert_eq!(bind(&mut home, 2 * DAY_MS, r#"{"visit":{"member":3,"sharer":2}}"#), Err(Code::NotBindable));
    bind(&mut home, 16 * DAY_MS, r#"{"visit":{"member":3,"sharer":2}}"#).unwrap();
    assert_eq!(upline(&home.store, 3, DAY_MS - 1), []);
    assert_eq!(upline(&home.store, 3, DAY_MS), [member(1)]);
    assert_eq!(upline(&home.store, 3, 16 * DAY_MS), [member(2)]);
    // The days of 2 are over at day 46: no read sees them longer, though no command has released them.
    assert_eq!(upline(&home.store, 3, 46 * DAY_MS - 1), [member(2)]);
    assert_eq!(upline(&home.store, 3, 46 * DAY_MS), []);
    bind(&mut home, 60 * DAY_MS, r#"{"visit":{"member":3,"sharer":4}}"#).unwrap();
    assert_eq!(upline(&home.store, 3, 46 * DAY_MS), []);
    assert_eq!(upline(&home.store, 3, 60 * DAY_MS), [member(4)]);
    assert_eq!(
        history(&home.store, 3),
        [
            "1 registered: registration",
            "1 bound 1: registration",
            "16 bound 2: taken_over",
            "46 released: expired",
            "60 bound 4: visit",
        ]
    );
    check(&home);
}

#[test]
fn the_same_command_again_acts_once() {
    let mut home = ruled(r#"{"mode":"instant"}"#);
    bind(&mut home, 1, r#"{"register":{"member":3,"sharer":1}}"#).unwrap();
    let visit = r#"{"visit":{"member":3,"sharer":2}}"#;
    let first = bind_as(&mut home, "v", 5, visit).unwrap();
    assert_eq!((first.posted, first.events.len()), (Posted::New, 1));
    // A retry comes later, and finds what was done.
    let again = bind_as(&mut home, "v", 9, visit).unwrap();
    assert_eq!((again.posted, &again.events), (Posted::Repeat, &first.events));
    assert_eq!(
        bind_as(&mut home, "v", 9, r#"{"visit":{"member":3,"sharer":4}}"#),
        Err(Code::IdempotencyConflict)
    );
    // One that found nothing to do never acts later.
    let idle = bind_as(&mut home, "idle", 10, visit).unwrap();
    assert_eq!((idle.posted, idle.events.len()), (Posted::New, 0));
    bind(&mut home, 11, r#"{"reassign":{"member":3,"inviter":4}}"#).unwrap();
    let idle = bind_as(&mut home, "idle", 12, visit).unwrap();
    assert_eq!((idle.posted, idle.events.len()), (Posted::Repeat, 0));
    assert_eq!(upline(&home.store, 3, 12), [member(4)]);
    check(&home);
}

#[test]
fn what_is_refused_leaves_nothing_and_the_batch_goes_on() {
    let mut home = ruled(r#"{"mode":"instant"}"#);
    bind(&mut home, 1, r#"{"register":{"member":3,"sharer":1}}"#).unwrap();
    bind(&mut home, 2, r#"{"register":{"member":5,"sharer":3}}"#).unwrap();
    let events = home.store.binding_events_after(0, 1000).unwrap();
    for (body, code) in [
        (r#"{"visit":{"member":1,"sharer":5}}"#, Code::Cycle),
        (r#"{"reassign":{"member":1,"inviter":3}}"#, Code::Cycle),
        (r#"{"visit":{"member":3,"sharer":3}}"#, Code::SelfReferral),
        (r#"{"register":{"member":3,"sharer":2}}"#, Code::DuplicateMember),
        (r#"{"visit":{"member":9,"sharer":1}}"#, Code::UnknownMember),
    ] {
        assert_eq!(bind(&mut home, 3, body).err(), Some(code), "{body}");
    }
    assert_eq!(home.store.binding_events_after(0, 1000).unwrap(), events);
    home.store
        .batch(|batch| {
            let cycle = binding(3, r#"{"visit":{"member":1,"sharer":5}}"#);
            assert!(batch.handle_binding(&shop(), &command_id("cycle"), &cycle).is_err());
            let fine = binding(3, r#"{"visit":{"member":5,"sharer":2}}"#);
            batch.handle_binding(&shop(), &command_id("fine"), &fine)
        })
        .unwrap();
    assert_eq!(upline(&home.store, 5, 3), [member(2)]);
    let refused = home.store.batch(|batch| {
        let visit = binding(4, r#"{"visit":{"member":5,"sharer":4}}"#);
        batch.handle_binding(&shop(), &command_id("lost"), &visit)?;
        batch.put_member(&shop(), &member(77), at(4))
    });
    assert_eq!(refused.unwrap_err().code(), Code::StoreConflict);
    assert_eq!(upline(&home.store, 5, 4), [member(2)]);
    check(&home);
}

#[test]
fn a_writer_who_lost_its_turn_comes_right_after() {
    let mut home = ruled(r#"{"mode":"instant"}"#);
    bind(&mut home, 100_000, r#"{"register":{"member":3,"sharer":1}}"#).unwrap();
    let late = bind(&mut home, 40_000, r#"{"visit":{"member":3,"sharer":2}}"#).unwrap();
    assert_eq!(late.events[0].at, at(100_000));
    assert_eq!(upline(&home.store, 3, 99_999), []);
    assert_eq!(upline(&home.store, 3, 100_000), [member(2)]);
    let later = bind(&mut home, 39_999, r#"{"visit":{"member":3,"sharer":1}}"#);
    assert_eq!(later.err(), Some(Code::InvalidCommand));
    check(&home);
}

#[test]
fn two_changes_of_one_moment_hold_in_their_order() {
    let mut home = ruled(r#"{"mode":"instant"}"#);
    bind(&mut home, 5, r#"{"register":{"member":3,"sharer":1}}"#).unwrap();
    bind(&mut home, 5, r#"{"visit":{"member":3,"sharer":2}}"#).unwrap();
    bind(&mut home, 5, r#"{"reassign":{"member":3,"inviter":4}}"#).unwrap();
    assert_eq!(upline(&home.store, 3, 5), [member(4)]);
    bind(&mut home, 5, r#"{"reassign":{"member":3}}"#).unwrap();
    assert_eq!(upline(&home.store, 3, 5), []);
    check(&home);
}

#[test]
fn whoever_was_on_record_keeps_their_inviter() {
    let mut home = Home::new();
    home.store
        .batch(|batch| {
            for id in 1..=3 {
                batch.put_member(&shop(), &member(id), at(0))?;
            }
            batch.bind(&shop(), &member(3), Some(&member(1)), at(20))?;
            batch.bind(&shop(), &member(3), Some(&member(2)), at(10))
        })
        .unwrap();
    let put = |home: &mut Home, policy: &str, from: i64| {
        let put =
            home.store.batch(|batch| batch.put_binding_policy(&shop(), &binding_policy(policy), at(from)));
        put.map_err(|error| error.code())
    };
    assert_eq!(bind(&mut home, 30, r#"{"visit":{"member":3,"sharer":2}}"#), Err(Code::NotFound));
    assert_eq!(put(&mut home, PROTECT, 19), Err(Code::InvalidCommand));
    assert_eq!(put(&mut home, PROTECT, 20), Ok(Posted::New));
    assert_eq!(put(&mut home, PROTECT, 20), Ok(Posted::Repeat));
    assert_eq!(put(&mut home, r#"{"mode":"instant"}"#, 20), Err(Code::StoreConflict));
    let raw = home.store.batch(|batch| batch.bind(&shop(), &member(2), Some(&member(1)), at(30)));
    assert_eq!(raw.unwrap_err().code(), Code::StoreConflict);
    // What is on record already is a repeat as before.
    let known = home.store.batch(|batch| batch.put_member(&shop(), &member(1), at(0)));
    assert_eq!(known.unwrap(), Posted::Repeat);
    assert_eq!(bind(&mut home, 30, r#"{"visit":{"member":1,"sharer":3}}"#), Err(Code::Cycle));
    // Nothing protects them, and they are not lost.
    assert_eq!(upline(&home.store, 3, 90 * DAY_MS), [member(1)]);
    bind(&mut home, 40, r#"{"visit":{"member":3,"sharer":2}}"#).unwrap();
    assert_eq!(upline(&home.store, 3, 40), [member(2)]);
    assert_eq!(put(&mut home, r#"{"mode":"instant"}"#, 39), Err(Code::InvalidCommand));
    assert_eq!(put(&mut home, r#"{"mode":"instant"}"#, 50), Ok(Posted::New));
    assert_eq!(bind(&mut home, 49, r#"{"visit":{"member":3,"sharer":1}}"#).err(), Some(Code::NotBindable));
    bind(&mut home, 50, r#"{"visit":{"member":3,"sharer":1}}"#).unwrap();
    assert_eq!(home.store.binding_policies(&shop()).unwrap().len(), 2);
    check(&home);

    let other = Tenant::new("other").unwrap();
    let zhang = MemberId::new("zhang").unwrap();
    home.store.batch(|batch| batch.put_member(&other, &zhang, at(0))).unwrap();
    let refused = home.store.batch(|batch| batch.put_binding_policy(&other, &binding_policy(PROTECT), at(9)));
    assert_eq!(refused.unwrap_err().code(), Code::InvalidId);
}

#[test]
fn merged_and_closed_accounts_move_those_below_and_say_why() {
    let mut home = ruled(r#"{"mode":"lifelong"}"#);
    for (id, sharer) in [(3, 1), (5, 3), (6, 3), (7, 5)] {
        bind(&mut home, 1, &format!(r#"{{"register":{{"member":{id},"sharer":{sharer}}}}}"#)).unwrap();
    }
    bind(&mut home, 2, r#"{"merge":{"kept":2,"gone":3}}"#).unwrap();
    assert_eq!(upline(&home.store, 5, 1), [member(3), member(1)]);
    assert_eq!(upline(&home.store, 5, 2), [member(2), member(1)]);
    assert_eq!(upline(&home.store, 6, 2), [member(2), member(1)]);
    // What names the account that went is about the one that stays.
    assert_eq!(bind(&mut home, 3, r#"{"visit":{"member":1,"sharer":3}}"#), Err(Code::Cycle));
    bind(&mut home, 3, r#"{"register":{"member":8,"sharer":3}}"#).unwrap();
    assert_eq!(upline(&home.store, 8, 3), [member(2), member(1)]);
    bind(&mut home, 4, r#"{"close":{"member":5,"downline":"roll_up"}}"#).unwrap();
    assert_eq!(upline(&home.store, 7, 4), [member(2), member(1)]);
    let why: Vec<_> = home.store.binding_history(&shop(), &member(7)).unwrap();
    let last = &why.last().unwrap().event;
    assert_eq!((last.member, last.word(), last.why), (5, "closed", Why::Staff));
    assert_eq!(last.reason.as_ref().unwrap().as_str(), "asked for");
    assert_eq!(history(&home.store, 3).last().unwrap(), "0 merged: staff");
    assert_eq!(history(&home.store, 6).last().unwrap(), "0 merged: staff");
    // And what was merged may be merged on.
    bind(&mut home, 5, r#"{"merge":{"kept":1,"gone":2}}"#).unwrap();
    bind(&mut home, 6, r#"{"visit":{"member":4,"sharer":3}}"#).unwrap_err();
    assert_eq!(upline(&home.store, 8, 6), [member(1)]);
    check(&home);
}

/// Days that are over are nobody's doing, least of all for the reason of whoever came next.
#[test]
fn an_expiry_has_no_reason_of_somebody_else() {
    let mut home = ruled(PROTECT);
    bind(&mut home, DAY_MS, r#"{"register":{"member":3,"sharer":1}}"#).unwrap();
    bind(&mut home, 40 * DAY_MS, r#"{"dismiss":{"member":2}}"#).unwrap();
    let stored = home.store.binding_history(&shop(), &member(3)).unwrap();
    let released = stored.iter().find(|stored| stored.event.what == What::Released).unwrap();
    assert_eq!((released.event.why, &released.event.reason), (Why::Expired, &None));
}

/// No policy begins before what is on record, also where a later one is there already and nothing happened under it.
#[test]
fn no_policy_begins_before_the_edges_on_record() {
    let mut home = Home::new();
    home.store
        .batch(|batch| {
            (1..=3).try_for_each(|id| batch.put_member(&shop(), &member(id), at(0)).map(drop))?;
            batch.bind(&shop(), &member(3), Some(&member(1)), at(50))
        })
        .unwrap();
    let mut put = |from: i64| {
        let policy = binding_policy(r#"{"mode":"instant"}"#);
        home.store
            .batch(|batch| batch.put_binding_policy(&shop(), &policy, at(from)))
            .map_err(|error| error.code())
    };
    put(100).unwrap();
    assert_eq!(put(10), Err(Code::InvalidCommand));
    put(60).unwrap();
    let early = bind(&mut home, 55, r#"{"register":{"member":9}}"#);
    assert_eq!(early.err(), Some(Code::NotFound));
    bind(&mut home, 60, r#"{"reassign":{"member":3,"inviter":2}}"#).unwrap();
    assert_eq!(upline(&home.store, 3, 1000), [member(2)]);
    check(&home);
}

#[test]
fn an_outbox_hands_out_every_change_once() {
    let mut home = ruled(PROTECT);
    bind(&mut home, 1, r#"{"register":{"member":3,"sharer":1}}"#).unwrap();
    let all = home.store.binding_events_after(0, 100).unwrap();
    assert_eq!(all.len(), 5);
    let mut seen = Vec::new();
    while let Some(next) = home
        .store
        .binding_events_after(i64::try_from(seen.len()).unwrap(), 2)
        .ok()
        .filter(|page| !page.is_empty())
    {
        seen.extend(next);
    }
    assert_eq!(seen, all);
    let node = all[4].to_node();
    assert_eq!(node.get("why").unwrap().as_text(), Some("registration"));
    assert_eq!(node.get("actor").unwrap().as_text(), Some("clerk"));
    let id: &CommandId = &all[4].command_id;
    assert_eq!(node.get("command_id").unwrap().as_text(), Some(id.as_str()));
}
