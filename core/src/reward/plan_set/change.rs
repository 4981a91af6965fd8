//! How a set changes: what has begun stays as it is.

use super::{MAX_VERSIONS, PlanSet, Scope, Version, fault};
use crate::error::Result;
use crate::reward::plan::Plan;
use crate::time::Timestamp;

/// What somebody wants done to a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Puts a plan in force from a moment on. The version that is in force then and has no end yet ends there,
    /// and is resumed behind `until`.
    Start {
        /// For whom.
        scope: Scope,
        /// The plan.
        plan: Box<Plan>,
        /// From when on.
        from: Timestamp,
        /// Until when; open without it.
        until: Option<Timestamp>,
    },
    /// Ends the version that is in force at a moment.
    End {
        /// For whom.
        scope: Scope,
        /// When.
        at: Timestamp,
    },
    /// Takes back a version that has not begun.
    Withdraw {
        /// For whom.
        scope: Scope,
        /// When it would begin.
        from: Timestamp,
    },
}

impl PlanSet {
    /// Carries out a command, given at `now`.
    ///
    /// # Errors
    /// [`Code::InvalidPlanSet`](crate::Code::InvalidPlanSet): for a moment in the past, for versions that would
    /// overlap, and where no version is there to be ended or taken back.
    pub fn apply(&mut self, command: Command, now: Timestamp) -> Result<()> {
        match command {
            Command::Start { scope, plan, from, until } => self.start(scope, *plan, (from, until), now),
            Command::End { scope, at } => self.end(&scope, at, now),
            Command::Withdraw { scope, from } => self.withdraw(&scope, from, now),
        }
    }

    fn start(
        &mut self,
        scope: Scope,
        plan: Plan,
        (from, until): (Timestamp, Option<Timestamp>),
        now: Timestamp,
    ) -> Result<()> {
        if from < now {
            return Err(past("begin", from, now));
        }
        if until.is_some_and(|until| until <= from) {
            return Err(fault(format!("a version from {from} ends after that moment, not before")));
        }
        if self.count() >= MAX_VERSIONS {
            return Err(fault(format!("a set has at most {MAX_VERSIONS} versions")));
        }
        let known = self.versions.get(&scope).map_or(&[][..], Vec::as_slice);
        let open = |version: &Version| version.until.is_none() && version.from < from;
        if let Some(met) = known.iter().find(|version| version.meets(from, until) && !open(version)) {
            let end = met.until.map_or_else(|| "on".to_owned(), |until| format!("to {until}"));
            let rule = format!("{scope}: version {} is in force from {} {end}", met.number, met.from);
            return Err(fault(format!("{rule}; versions do not overlap")));
        }
        let number = known.iter().map(|version| version.number).max().unwrap_or(0) + 1;
        let hash = plan.hash().to_owned();
        let versions = self.versions.entry(scope).or_default();
        let before = versions.iter_mut().find(|version| open(version));
        let resumed = before.and_then(|before| {
            before.until = Some(from);
            Some(Version { number: number + 1, from: until?, until: None, plan: before.plan.clone() })
        });
        versions.push(Version { number, from, until, plan: hash.clone() });
        versions.extend(resumed);
        versions.sort_by_key(|version| version.from);
        self.plans.entry(hash).or_insert(plan);
        Ok(())
    }

    fn end(&mut self, scope: &Scope, at: Timestamp, now: Timestamp) -> Result<()> {
        if at < now {
            return Err(past("end", at, now));
        }
        let versions = self.versions.get_mut(scope).map_or(&mut [][..], Vec::as_mut_slice);
        let version = versions.iter_mut().find(|version| version.from < at && version.covers(at));
        let missing = || fault(format!("{scope}: no version is in force before and at {at}"));
        version.ok_or_else(missing)?.until = Some(at);
        Ok(())
    }

    fn withdraw(&mut self, scope: &Scope, from: Timestamp, now: Timestamp) -> Result<()> {
        if from <= now {
            return Err(past("be taken back", from, now));
        }
        let missing = || fault(format!("{scope}: no version begins at {from}"));
        let versions = self.versions.get_mut(scope).ok_or_else(missing)?;
        let at = versions.iter().position(|version| version.from == from).ok_or_else(missing)?;
        versions.remove(at);
        Ok(())
    }
}

fn past(what: &str, at: Timestamp, now: Timestamp) -> crate::Error {
    fault(format!("a version cannot {what} at {at}: it is {now} already, and sales were settled under it"))
}
