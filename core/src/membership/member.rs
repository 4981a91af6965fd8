//! A member: addresses by id, tags, and the application to distribute.

use super::application::{Application, ApplicationPolicy, Step};
use crate::doc::{Fields, Node};
use crate::error::{Code, Error, Result};
use crate::id::{AddressId, MAX_ID_BYTES, MemberId};
use crate::log::{Change, Header, Subject};
use crate::request::{Reason, no_command};
use std::collections::{BTreeMap, BTreeSet};

/// The most addresses of a member.
pub const MAX_ADDRESSES: usize = 64;
/// The most tags of a member.
pub const MAX_TAGS: usize = 64;

/// What is asked of a member's record, and what happened to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberChange {
    /// An address was added or its details changed; the details are kept elsewhere.
    SaveAddress(AddressId),
    /// An address goes.
    RemoveAddress(AddressId),
    /// An address is the one to ship to.
    DefaultAddress(AddressId),
    /// A tag is put on.
    AddTag(String),
    /// A tag is taken off.
    RemoveTag(String),
    /// The member asks to distribute.
    Apply,
    /// Somebody else agrees.
    Approve,
    /// Somebody else turns it down.
    Reject(Reason),
    /// Somebody else takes it back.
    Revoke(Reason),
}

const WORDS: [(&str, &str); 9] = [
    ("save_address", "address_saved"),
    ("remove_address", "address_removed"),
    ("default_address", "default_address_set"),
    ("add_tag", "tag_added"),
    ("remove_tag", "tag_removed"),
    ("apply", "distributor_applied"),
    ("approve", "distributor_approved"),
    ("reject", "distributor_rejected"),
    ("revoke", "distributor_revoked"),
];

impl MemberChange {
    const fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::SaveAddress(_) => WORDS[0],
            Self::RemoveAddress(_) => WORDS[1],
            Self::DefaultAddress(_) => WORDS[2],
            Self::AddTag(_) => WORDS[3],
            Self::RemoveTag(_) => WORDS[4],
            Self::Apply => WORDS[5],
            Self::Approve => WORDS[6],
            Self::Reject(_) => WORDS[7],
            Self::Revoke(_) => WORDS[8],
        }
    }

    const fn step(&self) -> Option<(Step, Option<&Reason>)> {
        match self {
            Self::Apply => Some((Step::Apply, None)),
            Self::Approve => Some((Step::Approve, None)),
            Self::Reject(reason) => Some((Step::Reject, Some(reason))),
            Self::Revoke(reason) => Some((Step::Revoke, Some(reason))),
            _ => None,
        }
    }
}

impl Change for MemberChange {
    fn command(&self) -> &'static str {
        self.words().0
    }

    fn event(&self) -> &'static str {
        self.words().1
    }

    fn to_node(&self) -> Node {
        match self {
            Self::SaveAddress(id) | Self::RemoveAddress(id) | Self::DefaultAddress(id) => {
                Node::map([("address", Node::from(id))])
            }
            Self::AddTag(tag) | Self::RemoveTag(tag) => Node::map([("tag", Node::from(tag.as_str()))]),
            Self::Apply | Self::Approve => Node::Map(BTreeMap::new()),
            Self::Reject(reason) | Self::Revoke(reason) => {
                Node::map([("reason", Node::from(reason.as_str()))])
            }
        }
    }

    fn from_fields(word: &str, fields: Fields<'_>) -> Result<Self> {
        let known = WORDS.iter().find(|(command, event)| *command == word || *event == word);
        let Some((command, _)) = known else {
            let words: Vec<_> = WORDS.iter().map(|(command, _)| *command).collect();
            return Err(no_command(word, "a member", &words.join(", ")));
        };
        let mut fields = fields.named(*command);
        let change = match *command {
            "save_address" => Self::SaveAddress(fields.need_id("address")?.into()),
            "remove_address" => Self::RemoveAddress(fields.need_id("address")?.into()),
            "default_address" => Self::DefaultAddress(fields.need_id("address")?.into()),
            "add_tag" => Self::AddTag(fields.need_text("tag")?.to_owned()),
            "remove_tag" => Self::RemoveTag(fields.need_text("tag")?.to_owned()),
            "apply" => Self::Apply,
            "approve" => Self::Approve,
            "reject" => Self::Reject(Reason::new(fields.need_text("reason")?)?),
            _ => Self::Revoke(Reason::new(fields.need_text("reason")?)?),
        };
        fields.finish()?;
        Ok(change)
    }
}

/// What is known of a member beyond the forest, without personal details.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    id: MemberId,
    policy: ApplicationPolicy,
    addresses: BTreeSet<AddressId>,
    default_address: Option<AddressId>,
    tags: BTreeSet<String>,
    application: Option<Application>,
}

impl Member {
    /// A member of whom nothing is known yet, in a shop with this policy.
    #[must_use]
    pub const fn new(id: MemberId, policy: ApplicationPolicy) -> Self {
        Self {
            id,
            policy,
            addresses: BTreeSet::new(),
            default_address: None,
            tags: BTreeSet::new(),
            application: None,
        }
    }

    /// Who.
    #[must_use]
    pub const fn id(&self) -> &MemberId {
        &self.id
    }

    /// The ids of the addresses.
    #[must_use]
    pub const fn addresses(&self) -> &BTreeSet<AddressId> {
        &self.addresses
    }

    /// The address to ship to: the one chosen, if it is still there.
    #[must_use]
    pub const fn default_address(&self) -> Option<&AddressId> {
        self.default_address.as_ref()
    }

    /// The tags.
    #[must_use]
    pub const fn tags(&self) -> &BTreeSet<String> {
        &self.tags
    }

    /// The latest application.
    #[must_use]
    pub const fn application(&self) -> Option<&Application> {
        self.application.as_ref()
    }

    /// The document of this member.
    #[must_use]
    pub fn to_node(&self) -> Node {
        Node::map([
            ("member", Node::from(&self.id)),
            ("addresses", Node::List(self.addresses.iter().map(Node::from).collect())),
            ("default_address", self.default_address.as_ref().map(Node::from).into()),
            ("tags", Node::List(self.tags.iter().map(|tag| tag.as_str().into()).collect())),
            ("application", self.application.as_ref().map(Application::to_node).into()),
        ])
    }

    fn has(&self, address: &AddressId) -> Result<()> {
        if self.addresses.contains(address) {
            return Ok(());
        }
        let rule = format!("member {} does not have address {address}", self.id);
        Err(Error::new(Code::UnknownAddress, rule))
    }

    fn check_new(&self, what: &str, count: usize, most: usize) -> Result<()> {
        if count < most {
            return Ok(());
        }
        let rule = format!("member {} has {count} {what}; at most {most} are kept", self.id);
        Err(Error::new(Code::InvalidPerson, rule))
    }
}

impl Subject for Member {
    type Change = MemberChange;

    fn changes(&self, change: &MemberChange, header: &Header) -> Result<bool> {
        Ok(match change {
            MemberChange::SaveAddress(id) if self.addresses.contains(id) => true,
            MemberChange::SaveAddress(_) => {
                self.check_new("addresses", self.addresses.len(), MAX_ADDRESSES)?;
                true
            }
            MemberChange::RemoveAddress(id) => self.has(id).map(|()| true)?,
            MemberChange::DefaultAddress(id) => {
                self.has(id)?;
                self.default_address.as_ref() != Some(id)
            }
            MemberChange::AddTag(tag) if self.tags.contains(tag) => false,
            MemberChange::AddTag(tag) => {
                check_tag(tag)?;
                self.check_new("tags", self.tags.len(), MAX_TAGS)?;
                true
            }
            MemberChange::RemoveTag(tag) => self.tags.contains(tag),
            MemberChange::Apply => {
                self.policy.check(self.application.as_ref(), header.at)?;
                true
            }
            MemberChange::Approve | MemberChange::Reject(_) | MemberChange::Revoke(_) => {
                if header.actor.as_str() == self.id.as_str() {
                    let rule = format!("member {} cannot decide on their own application", self.id);
                    return Err(Error::new(Code::InvalidApplication, rule));
                }
                let filed = self.application.as_ref().map(|application| &application.applied_by);
                if *change == MemberChange::Approve && filed == Some(&header.actor) {
                    let rule =
                        format!("{} made this application; somebody else has to approve it", header.actor);
                    return Err(Error::new(Code::InvalidApplication, rule));
                }
                true
            }
        })
    }

    fn make(&mut self, change: &MemberChange, header: &Header) -> Result<()> {
        if let Some((step, reason)) = change.step() {
            let who = (&header.actor, header.at);
            self.application = Some(Application::moved(self.application.as_ref(), step, who, reason)?);
            return Ok(());
        }
        match change {
            MemberChange::SaveAddress(id) => {
                self.addresses.insert(id.clone());
            }
            MemberChange::RemoveAddress(id) => {
                self.has(id)?;
                self.addresses.remove(id);
                self.default_address.take_if(|default| default == id);
            }
            MemberChange::DefaultAddress(id) => {
                self.has(id)?;
                self.default_address = Some(id.clone());
            }
            MemberChange::AddTag(tag) => {
                check_tag(tag)?;
                self.tags.insert(tag.clone());
            }
            MemberChange::RemoveTag(tag) => {
                self.tags.remove(tag);
            }
            _ => {}
        }
        Ok(())
    }
}

fn check_tag(tag: &str) -> Result<()> {
    if tag.is_empty() || tag.len() > MAX_ID_BYTES || tag.chars().any(char::is_control) || tag.trim() != tag {
        let rule = format!("tag {tag:?}: 1 to 64 bytes without control characters or blanks at its ends");
        return Err(Error::new(Code::InvalidPerson, rule));
    }
    Ok(())
}
