//! Closing a period: every rule of the period over all members, then caps, then rows.

use super::adjust::{Adjustment, Past, adjust, admit};
use super::alone::{Alone, total};
use super::calendar::PeriodKey;
use super::caps::Caps;
use super::carry::Carry;
use super::entry::{Entry, Source};
use super::facts::{derived, known};
use super::outcome::{RuleOutcome, rule_outcome};
use super::pairing::{Legs, Matched};
use super::snapshot::Snapshot;
use super::volumes::Volumes;
use super::walk::Walk;
use crate::doc::Node;
use crate::error::{Code, Result};
use crate::id::MemberId;
use crate::reward::plan::{Condition, Knowledge, Plan, Rule, Schedule, Trigger};
use crate::sale::Person;
use crate::time::Timestamp;
use std::collections::BTreeSet;
use std::ops::Range;

/// What a period is closed from.
#[derive(Clone, Copy, Debug)]
pub struct Closing<'a> {
    /// The plan in force at the period's start.
    pub plan: &'a Plan,
    /// Whose period; part of every row key.
    pub tenant: &'a str,
    /// Which rules run: those on this length of period, and the rules after them.
    pub period: PeriodKey,
    /// Who stands where, at which rank, when it closes.
    pub snapshot: &'a Snapshot,
    /// What was paid within it, less its own refunds.
    pub volumes: &'a Volumes,
    /// What the close before handed on.
    pub carry: &'a Carry,
    /// Which part of the period this is, where the plan changed inside; the whole period without.
    pub part: Option<Stretch<'a>>,
}

/// A part of a period, and the rules that serve it.
#[derive(Clone, Copy, Debug)]
pub struct Stretch<'a> {
    /// Its first moment.
    pub from: Timestamp,
    /// The rules that run; all others of the plan are served elsewhere.
    pub rules: &'a BTreeSet<String>,
}

/// What the close of a period came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// One outcome per rule, in the order they ran.
    pub outcomes: Vec<RuleOutcome>,
    /// What became of every pair of legs with volume, by rule and member.
    pub pairs: Vec<Pair>,
    /// What late sales and refunds change of periods that are closed.
    pub adjustments: Vec<Adjustment>,
    /// What the next close starts from.
    pub carry: Carry,
}

/// The legs of one member under one rule: `waited + came = consumed + carried + flushed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The rule's place in the plan.
    pub rule: usize,
    /// Whose legs.
    pub member: MemberId,
    /// Volume that waited.
    pub waited: Legs,
    /// Volume of this period.
    pub came: Legs,
    /// What became of both.
    pub matched: Matched,
}

/// Closes a period. The answer depends on sums of volumes only, not on the order of members or sales.
///
/// Late sales and refunds of periods that are closed come as `past`: each is run again on its own snapshot
/// and carry, and what differs is posted with this close.
///
/// # Errors
/// Names the rule, member, fact or volume that is missing or wrong; [`Code::OverReversed`] when more was
/// taken back than was sold; [`Code::InvalidValue`] for a period that was closed before, and for a past one that
/// was not or that stands twice.
///
/// [`Code::OverReversed`]: crate::Code::OverReversed
/// [`Code::InvalidValue`]: crate::Code::InvalidValue
pub fn close(closing: &Closing<'_>, past: &[Past<'_>]) -> Result<Closed> {
    let (carry, adjustments) = opened(closing, past)?;
    let mut closed = run(&Closing { carry: &carry, ..*closing })?;
    closed.carry.close(closing.period);
    closed.adjustments = adjustments;
    Ok(closed)
}

/// Closes a period in which the plan changed, part by part: each starts from the carry the one before leaves.
/// The carry of the first part is read; those of the others are not. A cap of the whole period counts what
/// the parts before let through.
///
/// # Errors
/// As [`close`], for each part.
pub fn close_parts(parts: &[Closing<'_>], past: &[Past<'_>]) -> Result<Vec<Closed>> {
    let Some(first) = parts.first() else { return Ok(Vec::new()) };
    let (mut carry, mut adjustments) = opened(first, past)?;
    let mut closes = Vec::with_capacity(parts.len());
    for part in parts {
        let mut closed = run(&Closing { carry: &carry, ..*part })?;
        carry = closed.carry.clone();
        closed.adjustments = std::mem::take(&mut adjustments);
        closes.push(closed);
    }
    if let Some(last) = closes.last_mut() {
        last.carry.close(first.period);
    }
    Ok(closes)
}

/// The carry a close starts from, with what late sales and refunds change of it.
fn opened(closing: &Closing<'_>, past: &[Past<'_>]) -> Result<(Carry, Vec<Adjustment>)> {
    closing.carry.admit(closing.period)?;
    admit(past, closing)?;
    let mut carry = closing.carry.clone();
    let mut adjustments = Vec::with_capacity(past.len());
    for past in past {
        let adjustment = adjust(past)?;
        carry = carry.plus(&adjustment.carry, closing.period)?;
        adjustments.push(adjustment);
    }
    Ok((carry, adjustments))
}

/// A close without adjustments, whatever was closed before.
pub(super) fn run(closing: &Closing<'_>) -> Result<Closed> {
    let scene = Scene::new(closing)?;
    let mut run = Run {
        scene: &scene,
        next: closing.carry.clone(),
        entries: Vec::new(),
        pairs: Vec::new(),
        done: Vec::new(),
    };
    let serves =
        |at: &usize| closing.part.is_none_or(|part| part.rules.contains(&scene.plan.rules()[*at].id));
    for at in scene.plan.sequence(Some(closing.period.every())).filter(serves) {
        run.rule(at)?;
    }
    run.finish()
}

/// What all rules of a close read.
pub(super) struct Scene<'a> {
    pub(super) plan: &'a Plan,
    pub(super) period: PeriodKey,
    pub(super) tenant: &'a str,
    pub(super) snapshot: &'a Snapshot,
    pub(super) volumes: &'a Volumes,
    pub(super) carry: &'a Carry,
    pub(super) part: Option<Stretch<'a>>,
    /// By handle, with the facts the plan names, those of the period among them.
    pub(super) people: Vec<Person>,
    by_id: Vec<usize>,
}

impl<'a> Scene<'a> {
    pub(super) fn new(closing: &Closing<'a>) -> Result<Self> {
        let Closing { plan, tenant, period, snapshot, volumes, carry, part } = *closing;
        volumes.check(snapshot)?;
        let names = plan.names();
        let people = snapshot.people(&names, &derived(plan, snapshot, volumes, &names)?);
        let mut by_id: Vec<usize> = (1..snapshot.len()).collect();
        by_id.sort_unstable_by_key(|at| snapshot.place(*at));
        Ok(Self { plan, period, tenant, snapshot, volumes, carry, part, people, by_id })
    }

    /// The period in row keys; a part that starts later says when, in milliseconds.
    pub(super) fn name(&self) -> String {
        let start = self.period.start(self.plan.utc_offset_minutes());
        match self.part.filter(|part| part.from != start) {
            None => self.period.to_string(),
            Some(part) => format!("{}@{}", self.period, part.from.ms()),
        }
    }

    /// The caps of this close at work.
    fn caps(&self) -> Caps<'_> {
        let Self { period, snapshot, carry, part, .. } = *self;
        Caps { period, is_part: part.is_some(), before: carry, snapshot }
    }

    /// All members in the order of their ids.
    pub(super) fn by_id(&self) -> impl Iterator<Item = usize> + '_ {
        self.by_id.iter().copied()
    }

    /// Whether a member meets a condition.
    pub(super) fn holds(&self, condition: &Condition, member: usize) -> Result<bool> {
        condition.holds(&Asked { scene: self, person: &self.people[member] }, self.plan.ranks())
    }

    /// The names of all facts that members state or the period tells.
    pub(super) fn known(&self) -> Vec<String> {
        known(self.plan, self.snapshot, self.volumes)
    }
}

struct Asked<'a> {
    scene: &'a Scene<'a>,
    person: &'a Person,
}

impl Knowledge for Asked<'_> {
    fn fact(&self, name: &str) -> Option<Node> {
        match (&self.person.rank, name) {
            (Some(rank), "rank") => Some(rank.as_str().into()),
            _ => self.person.facts.get(name).cloned(),
        }
    }

    fn sale_fact(&self, _name: &str) -> Option<Node> {
        None
    }

    fn whose(&self) -> String {
        format!("member {}", self.person.id)
    }

    fn known(&self) -> Vec<String> {
        self.scene.known()
    }
}

/// A rule that ran: its sources, its part of the entries and what it offered.
pub(super) struct Done {
    pub(super) rule: usize,
    pub(super) sources: Vec<Source>,
    pub(super) entries: Range<usize>,
    pub(super) pool: i64,
}

struct Run<'a> {
    scene: &'a Scene<'a>,
    next: Carry,
    entries: Vec<Entry>,
    pairs: Vec<Pair>,
    done: Vec<Done>,
}

impl Run<'_> {
    /// An amount that does not fit is told with the period and the rule; other errors name what is wrong themselves.
    fn rule(&mut self, at: usize) -> Result<()> {
        self.of_rule(at).map_err(|error| match error.code() {
            Code::Overflow => {
                let place = format!("{}: rule `{}`", self.scene.period, self.scene.plan.rules()[at].id);
                error.within(&place)
            }
            _ => error,
        })
    }

    fn of_rule(&mut self, at: usize) -> Result<()> {
        let rule = &self.scene.plan.rules()[at];
        let sources = match &rule.trigger {
            Trigger::After(id) => self.rows_of(rule, id)?,
            Trigger::Order | Trigger::Period(_) => self.members(rule)?,
        };
        let start = self.entries.len();
        let scene = self.scene;
        let caps = scene.caps();
        let alone = Alone { scene, at, rule, sources: &sources };
        let pay = rule.pay.paid(&rule.round)?;
        let pool = match pay.as_ref() {
            Schedule::Ladder(ladder) => alone.ladder(ladder, &mut self.entries)?,
            Schedule::Share(share) => alone.share(share, &mut self.entries)?,
            Schedule::Pairing(pairing) => {
                alone.pairing(pairing, &caps, &mut self.next, &mut self.pairs, &mut self.entries)?
            }
            _ => {
                let walk = Walk::new(scene, at)?;
                let mut pool = 0_i128;
                for (place, source) in sources.iter().enumerate() {
                    pool += i128::from(walk.run(place, source, &mut self.entries)?);
                }
                crate::money::narrow(pool, || "a pool".into())?
            }
        };
        let entries = &mut self.entries[start..];
        // Ladders go from root to leaf; amounts stand, and are cut, in the order of their sources.
        entries.sort_by_key(|entry| (entry.source, entry.level, scene.snapshot.place(entry.stands)));
        caps.apply(Some(rule), &rule.caps, total(&sources)?, entries, &mut self.next)?;
        self.done.push(Done { rule: at, sources, entries: start..self.entries.len(), pool });
        Ok(())
    }

    /// Every member is a source; one for whom `when` fails has nothing.
    fn members(&self, rule: &Rule) -> Result<Vec<Source>> {
        let source = |member: usize| -> Result<Source> {
            let applies = rule.when.as_ref().map_or(Ok(true), |when| self.scene.holds(when, member))?;
            let volumes_of = if applies { member } else { 0 };
            let base = if applies { self.scene.volumes.base(rule, member, None)? } else { 0 };
            Ok(Source { member, volumes_of, from: String::new(), base })
        };
        self.scene.by_id().map(source).collect()
    }

    /// Every amount the rule before pays is a source, its payee being who is asked.
    fn rows_of(&self, rule: &Rule, before: &str) -> Result<Vec<Source>> {
        let plan = self.scene.plan;
        let Some(done) = self.done.iter().find(|done| plan.rules()[done.rule].id == before) else {
            return Ok(Vec::new());
        };
        let mut sources = Vec::new();
        for entry in self.entries[done.entries.clone()].iter().filter(|entry| entry.paid() > 0) {
            let applies = rule.when.as_ref().map_or(Ok(true), |when| self.scene.holds(when, entry.payee))?;
            if applies {
                let volumes_of = done.sources.get(entry.source).map_or(0, |source| source.volumes_of);
                let from = super::outcome::key(self.scene, done, entry, crate::reward::commission::CASH);
                let base = self.scene.volumes.base(rule, volumes_of, Some(entry.paid()))?;
                sources.push(Source { member: entry.payee, volumes_of, from, base });
            }
        }
        Ok(sources)
    }

    fn finish(mut self) -> Result<Closed> {
        let scene = self.scene;
        let caps = scene.caps();
        let paid = scene
            .volumes
            .column("paid")
            .map_or(0, |column| column.iter().map(|paid| i128::from(*paid)).sum());
        let paid = crate::money::narrow(paid, || "what was paid in the period".into())?;
        caps.apply(None, scene.plan.caps(), paid, &mut self.entries, &mut self.next)?;
        let outcome = |done: &Done| rule_outcome(scene, done, &self.entries[done.entries.clone()]);
        let outcomes = self.done.iter().map(outcome).collect::<Result<_>>()?;
        Ok(Closed { outcomes, pairs: self.pairs, adjustments: Vec::new(), carry: self.next })
    }
}
