//! Applications to become a distributor: one table.

use crate::doc::Node;
use crate::error::{Code, Error, Result};
use crate::id::ExternalId;
use crate::request::Reason;
use crate::time::Timestamp;
use crate::words::words;

words! {
    /// Where an application stands.
    ApplicationState {
        /// It waits for a decision.
        Applied = "applied", "Applied", "待审核";
        /// The member is a distributor.
        Approved = "approved", "Approved", "已通过";
        /// It was turned down.
        Rejected = "rejected", "Rejected", "已拒绝";
        /// The member was a distributor and is no longer.
        Revoked = "revoked", "Revoked", "已取消资格";
    }
}

/// What moves an application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Apply,
    Approve,
    Reject,
    Revoke,
}

/// Whether a distributor who was revoked may apply again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Reapply {
    /// They may, after the same wait as the rejected.
    Allowed,
    /// They may not.
    #[default]
    Refused,
}

/// When a member may apply again. A log that was written under another policy still replays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct ApplicationPolicy {
    /// Milliseconds from a decision until the next application.
    pub wait_ms: u64,
    /// The most applications of one member, the first one included; none means no limit.
    pub max_applications: Option<u32>,
    /// Whether the revoked may apply again.
    pub revoked: Reapply,
}

/// The application of a member, the latest one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Where it stands.
    pub state: ApplicationState,
    /// How many applications there were, this one included.
    pub count: u32,
    /// When it was made.
    pub applied_at: Timestamp,
    /// Who made it, the member or somebody for them.
    pub applied_by: ExternalId,
    /// Who decided last, and when.
    pub decided: Option<(ExternalId, Timestamp)>,
    /// Why it was rejected or revoked.
    pub reason: Option<Reason>,
}

/// The whole table: what is not listed is an error.
const fn next(state: Option<ApplicationState>, step: Step) -> Option<ApplicationState> {
    use ApplicationState::{Applied, Approved, Rejected, Revoked};
    match (state, step) {
        (None | Some(Rejected | Revoked), Step::Apply) => Some(Applied),
        (Some(Applied), Step::Approve) => Some(Approved),
        (Some(Applied), Step::Reject) => Some(Rejected),
        (Some(Approved), Step::Revoke) => Some(Revoked),
        _ => None,
    }
}

impl Application {
    /// Moves an application, or makes the first one.
    pub(super) fn moved(
        now: Option<&Self>,
        step: Step,
        (actor, at): (&ExternalId, Timestamp),
        reason: Option<&Reason>,
    ) -> Result<Self> {
        let Some(state) = next(now.map(|now| now.state), step) else {
            let stands = now.map_or("not there", |now| now.state.name());
            let rule = format!("{step:?} is not listed for an application that is {stands}");
            return Err(Error::new(Code::InvalidApplication, rule));
        };
        Ok(match (step, now) {
            (Step::Apply, _) | (_, None) => Self {
                state,
                count: now.map_or(0, |now| now.count).saturating_add(1),
                applied_at: at,
                applied_by: actor.clone(),
                decided: None,
                reason: None,
            },
            (_, Some(now)) => {
                Self { state, decided: Some((actor.clone(), at)), reason: reason.cloned(), ..now.clone() }
            }
        })
    }

    /// The document of this application.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let decided = self.decided.as_ref();
        let by = decided.map(|(by, _)| Node::from(by));
        Node::map([
            ("state", Node::from(self.state.name())),
            ("count", i64::from(self.count).into()),
            ("applied_at", self.applied_at.ms().into()),
            ("applied_by", (&self.applied_by).into()),
            ("decided_by", by.into()),
            ("decided_at", decided.map(|(_, at)| Node::from(at.ms())).into()),
            ("reason", self.reason.as_ref().map(|reason| Node::from(reason.as_str())).into()),
        ])
    }
}

impl ApplicationPolicy {
    /// Whether a member may apply now, given the application that stands.
    pub(super) fn check(&self, now: Option<&Application>, at: Timestamp) -> Result<()> {
        let refused = |rule: String| Err(Error::new(Code::InvalidApplication, rule));
        let count = now.map_or(0, |now| now.count);
        if now.is_some_and(|now| now.state == ApplicationState::Revoked) && self.revoked == Reapply::Refused {
            return refused("a distributor who was revoked may not apply again".into());
        }
        if let Some(max) = self.max_applications.filter(|max| count >= *max) {
            return refused(format!("{count} applications were made; {max} are allowed"));
        }
        let until = |decided: Timestamp| decided.ms().saturating_add_unsigned(self.wait_ms);
        match now.and_then(|now| now.decided.as_ref()) {
            Some((_, decided)) if at.ms() < until(*decided) => {
                let until = Timestamp::from_ms(until(*decided));
                refused(format!("the next application is possible from {until}, now it is {at}"))
            }
            _ => Ok(()),
        }
    }
}
