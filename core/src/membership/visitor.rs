//! Visits and clicks on what somebody shared: what a binding policy decides from.

use crate::doc::{Fields, Node};
use crate::error::{Code, Error, Result};
use crate::id::{MemberId, VisitorId};
use crate::log::{Change, Header, Subject};
use crate::request::no_command;
use crate::time::Timestamp;

/// The longest page or code in bytes.
const MAX_TEXT_BYTES: usize = 2048;

/// What a visitor did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VisitorChange {
    /// They looked at a page.
    Visit {
        /// Which.
        page: String,
    },
    /// They followed what somebody shared.
    ShareClick {
        /// Who shared.
        sharer: MemberId,
        /// The share code.
        code: String,
        /// Where it led.
        page: String,
    },
    /// They turned out to be a member.
    Identify {
        /// Which.
        member: MemberId,
    },
}

const WORDS: [(&str, &str); 3] =
    [("visit", "page_visited"), ("share_click", "share_clicked"), ("identify", "visitor_identified")];

impl Change for VisitorChange {
    fn command(&self) -> &'static str {
        match self {
            Self::Visit { .. } => WORDS[0].0,
            Self::ShareClick { .. } => WORDS[1].0,
            Self::Identify { .. } => WORDS[2].0,
        }
    }

    fn event(&self) -> &'static str {
        match self {
            Self::Visit { .. } => WORDS[0].1,
            Self::ShareClick { .. } => WORDS[1].1,
            Self::Identify { .. } => WORDS[2].1,
        }
    }

    fn to_node(&self) -> Node {
        match self {
            Self::Visit { page } => Node::map([("page", Node::from(page.as_str()))]),
            Self::ShareClick { sharer, code, page } => Node::map([
                ("sharer", Node::from(sharer)),
                ("code", code.as_str().into()),
                ("page", page.as_str().into()),
            ]),
            Self::Identify { member } => Node::map([("member", Node::from(member))]),
        }
    }

    fn from_fields(word: &str, fields: Fields<'_>) -> Result<Self> {
        let known = WORDS.iter().find(|(command, event)| *command == word || *event == word);
        let Some((command, _)) = known else {
            return Err(no_command(word, "a visitor", "visit, share_click, identify"));
        };
        let mut fields = fields.named(*command);
        let change = match *command {
            "visit" => Self::Visit { page: short(&mut fields, "page")? },
            "share_click" => Self::ShareClick {
                sharer: fields.need_id("sharer")?.into(),
                code: short(&mut fields, "code")?,
                page: short(&mut fields, "page")?,
            },
            _ => Self::Identify { member: fields.need_id("member")?.into() },
        };
        fields.finish()?;
        Ok(change)
    }
}

fn short(fields: &mut Fields<'_>, key: &'static str) -> Result<String> {
    let text = fields.need_text(key)?;
    if text.len() > MAX_TEXT_BYTES {
        let rule = format!("`{key}` has {} bytes; at most {MAX_TEXT_BYTES} are kept", text.len());
        return Err(fields.fault(Code::InvalidPerson, rule));
    }
    Ok(text.to_owned())
}

/// One click on what somebody shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Click {
    /// Who shared.
    pub sharer: MemberId,
    /// The share code.
    pub code: String,
    /// Where it led.
    pub page: String,
    /// When.
    pub at: Timestamp,
}

/// What is known of a visitor. First and last click are kept, which is what bindings go by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visitor {
    id: VisitorId,
    member: Option<MemberId>,
    visits: u64,
    clicks: u64,
    first_click: Option<Click>,
    last_click: Option<Click>,
    /// The first and the last click on what somebody else shared than who shared those above: what stands when
    /// the visitor turns out to be that member.
    first_other: Option<Click>,
    last_other: Option<Click>,
}

impl Visitor {
    /// A visitor who has done nothing yet.
    #[must_use]
    pub const fn new(id: VisitorId) -> Self {
        Self {
            id,
            member: None,
            visits: 0,
            clicks: 0,
            first_click: None,
            last_click: None,
            first_other: None,
            last_other: None,
        }
    }

    /// The member they turned out to be.
    #[must_use]
    pub const fn member(&self) -> Option<&MemberId> {
        self.member.as_ref()
    }

    /// The first click.
    #[must_use]
    pub const fn first_click(&self) -> Option<&Click> {
        self.first_click.as_ref()
    }

    /// The last click.
    #[must_use]
    pub const fn last_click(&self) -> Option<&Click> {
        self.last_click.as_ref()
    }

    /// The document of this visitor.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let click = |click: &Click| {
            Node::map([
                ("sharer", Node::from(&click.sharer)),
                ("code", click.code.as_str().into()),
                ("page", click.page.as_str().into()),
                ("at", click.at.ms().into()),
            ])
        };
        let count = |value: u64| Node::Int(i64::try_from(value).unwrap_or(i64::MAX));
        Node::map([
            ("visitor", Node::from(&self.id)),
            ("member", self.member.as_ref().map(Node::from).into()),
            ("visits", count(self.visits)),
            ("clicks", count(self.clicks)),
            ("first_click", self.first_click.as_ref().map(click).into()),
            ("last_click", self.last_click.as_ref().map(click).into()),
        ])
    }
}

impl Visitor {
    /// Nobody is won by what they shared themselves: those clicks no longer stand.
    fn forget_own(&mut self, member: &MemberId) {
        let own = |known: &Option<Click>| known.as_ref().is_some_and(|known| known.sharer == *member);
        if own(&self.first_click) {
            self.first_click = self.first_other.take();
        }
        if own(&self.last_click) {
            self.last_click = self.last_other.take();
        }
        (self.first_other, self.last_other) = (None, None);
    }
}

impl Subject for Visitor {
    type Change = VisitorChange;

    fn changes(&self, change: &VisitorChange, _: &Header) -> Result<bool> {
        match change {
            VisitorChange::Visit { .. } => Ok(true),
            VisitorChange::ShareClick { sharer, .. } => {
                if self.member.as_ref() == Some(sharer) {
                    let rule = format!("member {sharer} followed what they shared themselves");
                    return Err(Error::new(Code::SelfReferral, rule));
                }
                Ok(true)
            }
            VisitorChange::Identify { member } => match &self.member {
                Some(known) if known != member => {
                    let rule = format!("visitor {} is member {known}, not {member}", self.id);
                    Err(Error::new(Code::InvalidPerson, rule))
                }
                known => Ok(known.is_none()),
            },
        }
    }

    fn make(&mut self, change: &VisitorChange, header: &Header) -> Result<()> {
        self.changes(change, header)?;
        match change {
            VisitorChange::Visit { .. } => self.visits = self.visits.saturating_add(1),
            VisitorChange::ShareClick { sharer, code, page } => {
                let (sharer, code, page) = (sharer.clone(), code.clone(), page.clone());
                let click = Click { sharer, code, page, at: header.at };
                self.clicks = self.clicks.saturating_add(1);
                let other =
                    |known: &Option<Click>| known.as_ref().is_some_and(|known| known.sharer != click.sharer);
                if other(&self.first_click) {
                    self.first_other.get_or_insert_with(|| click.clone());
                }
                if other(&self.last_click) {
                    self.last_other = self.last_click.take();
                }
                self.first_click.get_or_insert_with(|| click.clone());
                self.last_click = Some(click);
            }
            VisitorChange::Identify { member } => {
                self.forget_own(member);
                self.member = Some(member.clone());
            }
        }
        Ok(())
    }
}
