//! Random scripts over few members and few moments, so that everything meets everything.

use fenrun::reward::referral::Closing;
use fenrun::time::Timestamp;
use proptest::prelude::*;

/// The ids that occur. Some are far from 1, 2, 3 …, where the forest needs a table.
pub(crate) const IDS: [u64; 9] = [1, 2, 3, 4, 5, 6, 1 << 40, 999, u64::MAX / 2];
/// The moments that occur.
pub(crate) const MOMENTS: std::ops::Range<i64> = 0..6;
/// Amounts at the ends of 64 bits.
const EDGES: [i64; 9] = [i64::MAX, i64::MAX - 1, 1 << 62, 1, 0, -1, -(1 << 62), i64::MIN + 1, i64::MIN];

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Join { member: u64, inviter: Option<u64>, from: Option<Timestamp> },
    Bind { member: u64, inviter: u64, from: Option<Timestamp> },
    Rebind { member: u64, inviter: u64, from: Option<Timestamp> },
    Unbind { member: u64, from: Option<Timestamp> },
    Merge { kept: u64, gone: u64, from: Option<Timestamp> },
    Close { member: u64, closing: Closing, from: Option<Timestamp> },
    Add { member: u64, amount: i64 },
}

pub(crate) fn script() -> impl Strategy<Value = Vec<Step>> {
    // Dense ids first in half of the scripts, so that both kinds of id are met.
    (any::<bool>(), prop::collection::vec(step(), 1..30)).prop_map(|(dense, steps)| {
        let joins = (1..=4_u64).map(|member| Step::Join {
            member,
            inviter: (member > 1).then_some(member / 2),
            from: None,
        });
        joins.filter(|_| dense).chain(steps).collect()
    })
}

/// Also such that two of them fit no 64 bits, but many together do.
fn amount() -> impl Strategy<Value = i64> {
    prop_oneof![1 => -50_i64..100, 1 => prop::sample::select(&EDGES[..])]
}

fn step() -> impl Strategy<Value = Step> {
    let id = || prop::sample::select(&IDS[..]);
    // Mostly late moments, so that changes are rarely too early.
    let from = || prop::option::weighted(0.6, MOMENTS.prop_map(|at| Timestamp::from_ms(at / 2 + 3)));
    let closing = prop::sample::select(&[Closing::Stay, Closing::RollUp][..]);
    prop_oneof![
        5 => (id(), prop::option::weighted(0.8, id()), prop::option::weighted(0.2, MOMENTS))
            .prop_map(|(member, inviter, from)| Step::Join { member, inviter, from: from.map(Timestamp::from_ms) }),
        1 => (id(), id(), from()).prop_map(|(member, inviter, from)| Step::Bind { member, inviter, from }),
        4 => (id(), id(), from()).prop_map(|(member, inviter, from)| Step::Rebind { member, inviter, from }),
        1 => (id(), from()).prop_map(|(member, from)| Step::Unbind { member, from }),
        1 => (id(), id(), from()).prop_map(|(kept, gone, from)| Step::Merge { kept, gone, from }),
        1 => (id(), closing, from()).prop_map(|(member, closing, from)| Step::Close { member, closing, from }),
        3 => (id(), amount()).prop_map(|(member, amount)| Step::Add { member, amount }),
    ]
}
