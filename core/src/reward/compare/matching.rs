//! Which slot of one plan is which slot of the other, and how the rules behind them differ.

use super::told::{Place, Slot, Told};
use crate::id::MemberId;
use crate::reward::plan::{Per, Rule, Schedule, Trigger};

/// The slots of one person under two plans.
pub(super) struct Matching<'a> {
    /// Those that answer each other.
    pub(super) pairs: Vec<(Slot<'a>, Slot<'a>)>,
    /// Those that earn something and that the other plan has not.
    pub(super) alone: Vec<Slot<'a>>,
}

impl<'a> Matching<'a> {
    /// Slots answer each other that stand in one place; else those of one rule, line and source, the person having
    /// another level; else those of rules that only one of the plans has each, which may be one under two names; else
    /// the slot in one place that comes to nothing for somebody else, whose part rolls up to the person.
    pub(super) fn of(payee: &MemberId, before: &Told<'a>, after: &Told<'a>) -> Self {
        let joins = |rule: &str| match (before.rule(rule), after.rule(rule)) {
            (Some(one), Some(other)) => (one.round.per == Per::Order) != (other.round.per == Per::Order),
            _ => false,
        };
        let mut open = [before, after].map(|told| joined(told.slots(payee), joins));
        let mut pairs = Vec::new();
        pair_up(&mut open, &mut pairs, |one, other| one.place == other.place);
        let any_level = |place: Place<'a>| Place { level: 0, ..place };
        let earn = |one: &Slot<'_>, other: &Slot<'_>| one.earned != 0 && other.earned != 0;
        pair_up(&mut open, &mut pairs, |one, other| {
            earn(one, other) && any_level(one.place) == any_level(other.place)
        });
        pair_up(&mut open, &mut pairs, |one, other| {
            let renamed = after.rule(one.place.rule).is_none() && before.rule(other.place.rule).is_none();
            renamed && earn(one, other) && one.place.line == other.place.line
        });
        let [mut only_before, mut only_after] = open;
        only_before.retain(|slot| {
            let idle = after.idle(slot.place);
            pairs.extend(idle.map(|idle| (*slot, idle)));
            idle.is_none()
        });
        only_after.retain(|slot| {
            let idle = before.idle(slot.place);
            pairs.extend(idle.map(|idle| (idle, *slot)));
            idle.is_none()
        });
        let alone = only_before.into_iter().chain(only_after).filter(|slot| slot.earned != 0).collect();
        Self { pairs, alone }
    }
}

/// The slots, those of some rules with all their lines in one: one plan rounds them per line, the other per order.
fn joined<'a>(slots: &[Slot<'a>], joins: impl Fn(&str) -> bool) -> Vec<Slot<'a>> {
    let mut found: Vec<Slot<'a>> = Vec::with_capacity(slots.len());
    for slot in slots {
        let joins = joins(slot.place.rule);
        let place = if joins { Place { line: None, ..slot.place } } else { slot.place };
        match found.iter_mut().find(|known| joins && known.place == place) {
            Some(known) => known.join(slot),
            None => found.push(Slot { place, ..*slot }),
        }
    }
    found
}

fn pair_up<'a>(
    open: &mut [Vec<Slot<'a>>; 2],
    pairs: &mut Vec<(Slot<'a>, Slot<'a>)>,
    same: impl Fn(&Slot<'a>, &Slot<'a>) -> bool,
) {
    let [before, after] = open;
    before.retain(|slot| {
        let Some(at) = after.iter().position(|other| same(slot, other)) else { return true };
        pairs.push((*slot, after.remove(at)));
        false
    });
}

/// What differs of a rule between two plans.
#[derive(Clone, Copy, Debug)]
pub(super) struct Changes {
    /// Who is asked, and when.
    pub(super) walk: bool,
    /// What is paid.
    pub(super) pay: bool,
    /// What is shared.
    pub(super) of: bool,
    /// How amounts become integers.
    pub(super) round: bool,
    /// What it pays at most.
    pub(super) caps: bool,
    /// Whether it runs after another rule.
    pub(super) chained: bool,
}

impl Changes {
    /// Of the rules of two slots.
    pub(super) fn between(one: &str, other: &str, before: &Told<'_>, after: &Told<'_>) -> Self {
        let all = Self { walk: true, pay: true, of: true, round: true, caps: true, chained: true };
        match (before.rule(one), after.rule(other)) {
            (Some(first), Some(second)) if one == other => {
                let plans = (before.plan(), after.plan());
                let alike = plans.0.ranks() == plans.1.ranks() && plans.0.trees() == plans.1.trees();
                Self {
                    walk: !alike || !walk_alike(first, second),
                    pay: first.pay != second.pay,
                    of: first.of != second.of,
                    round: first.round != second.round,
                    caps: first.caps != second.caps,
                    chained: matches!(first.trigger, Trigger::After(_)),
                }
            }
            _ => all,
        }
    }

    /// Of a rule, where it or a rule it runs after asks other people in one of the plans; `None` where one of them
    /// lacks it.
    pub(super) fn along(rule: &str, before: &Told<'_>, after: &Told<'_>) -> Option<Self> {
        let own = Self::between(rule, rule, before, after);
        let (mut at, mut walk) = (rule, false);
        // A plan with a cycle of rules cannot be built.
        loop {
            let known = before.rule(at).filter(|_| after.rule(at).is_some())?;
            walk |= Self::between(at, at, before, after).walk;
            match &known.trigger {
                Trigger::After(id) if !walk => at = id,
                _ => return Some(Self { walk, ..own }),
            }
        }
    }
}

/// Whether two rules ask the same people for the same number of levels.
fn walk_alike(one: &Rule, other: &Rule) -> bool {
    let kind = |rule: &Rule| (std::mem::discriminant(&rule.pay), rule.pay.table().levels());
    let tree = |rule: &Rule| match &rule.pay {
        Schedule::Ladder(ladder) => Some(ladder.span.clone()),
        _ => None,
    };
    one.trigger == other.trigger
        && one.when == other.when
        && one.to == other.to
        && one.qualify == other.qualify
        && one.unqualified == other.unqualified
        && kind(one) == kind(other)
        && tree(one) == tree(other)
}
