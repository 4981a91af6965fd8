//! Members, who invited them and when, and personal data.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Home, at, member, shop, whole_order};
use fenrun::Code;
use fenrun::id::{ExternalId, MemberId};
use fenrun::ledger::Posted;
use fenrun::trade::order::Tenant;
use fenrun_store::Store;

fn with_members(count: u64) -> Home {
    let mut home = Home::new();
    home.store
        .batch(|batch| {
            (1..=count).try_for_each(|id| batch.put_member(&shop(), &member(id), at(0)).map(|_| ()))
        })
        .unwrap();
    home
}

fn bind(home: &mut Home, id: u64, inviter: Option<u64>, from: i64) -> Result<Posted, Code> {
    let inviter = inviter.map(member);
    let bound = home.store.batch(|batch| batch.bind(&shop(), &member(id), inviter.as_ref(), at(from)));
    bound.map_err(|error| error.code())
}

fn upline(store: &Store, id: u64, now: i64) -> Vec<MemberId> {
    store.upline(&shop(), &member(id), at(now), 64).unwrap()
}

#[test]
fn an_upline_is_that_of_its_time() {
    let mut home = with_members(5);
    for (id, inviter, from) in [(2, Some(1), 10), (3, Some(2), 10), (3, Some(4), 20), (3, None, 30)] {
        assert_eq!(bind(&mut home, id, inviter, from), Ok(Posted::New));
    }
    assert_eq!(upline(&home.store, 3, 9), []);
    assert_eq!(upline(&home.store, 3, 10), [member(2), member(1)]);
    assert_eq!(upline(&home.store, 3, 29), [member(4)]);
    assert_eq!(upline(&home.store, 3, 30), []);
    assert_eq!(home.store.upline(&shop(), &member(3), at(15), 1).unwrap(), [member(2)]);
    let inside = home.store.batch(|batch| batch.upline(&shop(), &member(3), at(15), 9)).unwrap();
    assert_eq!(inside, [member(2), member(1)]);
    assert_eq!(home.store.upline(&Tenant::new("other").unwrap(), &member(3), at(15), 9).unwrap(), []);
}

#[test]
fn the_same_again_is_a_repeat_and_another_a_conflict() {
    let mut home = with_members(3);
    assert_eq!(bind(&mut home, 2, Some(1), 10), Ok(Posted::New));
    assert_eq!(bind(&mut home, 2, Some(1), 10), Ok(Posted::Repeat));
    assert_eq!(bind(&mut home, 2, Some(3), 10), Err(Code::StoreConflict));
    assert_eq!(bind(&mut home, 2, None, 10), Err(Code::StoreConflict));
    assert_eq!(bind(&mut home, 2, Some(9), 11), Err(Code::UnknownMember));
    assert_eq!(bind(&mut home, 9, Some(1), 11), Err(Code::UnknownMember));
    let mut put = |from| home.store.batch(|batch| batch.put_member(&shop(), &member(1), at(from)));
    assert_eq!(put(0), Ok(Posted::Repeat));
    assert_eq!(put(1).unwrap_err().code(), Code::StoreConflict);
}

#[test]
fn cycles_are_refused_at_the_time_they_would_hold() {
    let mut home = with_members(4);
    assert_eq!(bind(&mut home, 1, Some(1), 0), Err(Code::SelfReferral));
    assert_eq!(bind(&mut home, 2, Some(1), 10), Ok(Posted::New));
    assert_eq!(bind(&mut home, 3, Some(2), 10), Ok(Posted::New));
    assert_eq!(bind(&mut home, 1, Some(3), 10), Err(Code::Cycle));
    // Before any of them was bound, too: the edge would still hold when they are.
    assert_eq!(bind(&mut home, 1, Some(3), 5), Err(Code::Cycle));
    // 3 leaves 2 at 20: from then on 1 may stand below 3, and not a moment earlier.
    assert_eq!(bind(&mut home, 3, Some(4), 20), Ok(Posted::New));
    assert_eq!(bind(&mut home, 1, Some(3), 19), Err(Code::Cycle));
    assert_eq!(bind(&mut home, 1, Some(3), 20), Ok(Posted::New));
    assert_eq!(upline(&home.store, 2, 25), [member(1), member(3), member(4)]);
    // And 3 cannot come back below 2 while that holds.
    assert_eq!(bind(&mut home, 3, Some(2), 30), Err(Code::Cycle));
    // Filling a gap in the past is fine where nothing closes a circle.
    assert_eq!(bind(&mut home, 4, Some(1), 12), Err(Code::Cycle));
    assert_eq!(bind(&mut home, 4, None, 15), Ok(Posted::New));
    assert_eq!(bind(&mut home, 4, Some(1), 12), Ok(Posted::New));
}

#[test]
fn personal_data_is_apart_from_events_and_can_be_erased() {
    const NAME: &str = "Zhang Wei of 9 Plum Lane";
    let mut home = Home::new();
    let buyer = ExternalId::new("9").unwrap();
    home.store
        .batch(|batch| {
            batch.put_personal(&shop(), &buyer, "name", "a first name that was misspelt")?;
            batch.put_personal(&shop(), &buyer, "name", NAME)?;
            batch.put_personal(&shop(), &buyer, "telephone", "13800000000")
        })
        .unwrap();
    whole_order(&mut home.store, &shop(), 1);
    assert_eq!(home.store.personal(&shop(), &buyer).unwrap()["name"], NAME);
    assert!(home.store.personal(&Tenant::new("other").unwrap(), &buyer).unwrap().is_empty());
    let raw = home.raw();
    let events: String =
        raw.query_row("SELECT group_concat(data) FROM events", [], |row| row.get(0)).unwrap();
    assert!(!events.contains("Plum") && !events.contains("1380"), "{events}");

    assert_eq!(home.store.batch(|batch| batch.erase_personal(&shop(), &buyer)).unwrap(), 2);
    assert!(home.store.personal(&shop(), &buyer).unwrap().is_empty());
    assert!(home.store.verify().unwrap().is_clean());
    drop(raw);
    let (path, folder) = (home.path(), home.folder);
    home.store.close().unwrap();
    let bytes = std::fs::read(path).unwrap();
    for gone in [NAME, "misspelt", "13800000000"] {
        assert!(
            !bytes.windows(gone.len()).any(|window| window == gone.as_bytes()),
            "{gone} is still in the file"
        );
    }
    drop(folder);
}
