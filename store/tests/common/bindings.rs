//! Shops with a binding policy.

use super::{DAY_MS, Home, at, binding, binding_policy, command_id, member, shop};
use fenrun::Code;
use fenrun::id::MemberId;
use fenrun::reward::binding::{BindingEvent, What};
use fenrun_store::{BindingAppended, Store};

pub(crate) const PROTECT: &str = r#"{"mode":"protect","protect_days":15,"expire_days":30}"#;

/// A shop with a policy and members 1, 2 and 4, who share.
pub(crate) fn ruled(policy: &str) -> Home {
    let mut home = Home::new();
    home.store.batch(|batch| batch.put_binding_policy(&shop(), &binding_policy(policy), at(0))).unwrap();
    for id in [1, 2, 4] {
        bind(&mut home, 0, &format!(r#"{{"register":{{"member":{id}}}}}"#)).unwrap();
    }
    home
}

/// A command under an id of its own.
pub(crate) fn bind(home: &mut Home, now: i64, body: &str) -> Result<BindingAppended, Code> {
    let id = format!("{now}-{}", fenrun::doc::short_hash(&[body]));
    bind_as(home, &id, now, body)
}

pub(crate) fn bind_as(home: &mut Home, id: &str, now: i64, body: &str) -> Result<BindingAppended, Code> {
    let (id, command) = (command_id(id), binding(now, body));
    let done = home.store.batch(|batch| batch.handle_binding(&shop(), &id, &command));
    done.map_err(|error| error.code())
}

pub(crate) fn upline(store: &Store, id: u64, now: i64) -> Vec<MemberId> {
    store.upline(&shop(), &member(id), at(now), 64).unwrap()
}

pub(crate) fn check(home: &Home) {
    let report = home.store.verify().unwrap();
    assert!(report.is_clean(), "{}", report.to_node().to_json_pretty());
}

/// A member's history as `time what inviter why`, days as times.
pub(crate) fn history(store: &Store, id: u64) -> Vec<String> {
    let told = |event: BindingEvent| {
        let inviter = match event.what {
            What::Bound { inviter, .. } => format!(" {inviter}"),
            What::Offered { sharer } | What::Refused { sharer } => format!(" {sharer}"),
            _ => String::new(),
        };
        format!("{} {}{inviter}: {}", event.at.ms() / DAY_MS, event.word(), event.why.name())
    };
    let stored = store.binding_history(&shop(), &member(id)).unwrap();
    stored.into_iter().map(|stored| told(stored.event)).collect()
}
