//! Logs: commands become events once, and a subject is folded from its events alone.
//!
//! Rooms whose commands and events are the same [`Change`], asked for and happened, share this log: the
//! catalogue, members, visitors. The same command id acts once; another content under it is refused.

use crate::doc::{Fields, Node, NodeSink, Sink};
use crate::error::{Code, Error, Result};
use crate::id::{CommandId, ExternalId};
use crate::request::Fingerprint;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// The schema number in every event; upcasters begin after 0.
pub const LOG_SCHEMA: i64 = 0;

/// Something that can be asked for, and that can have happened.
pub trait Change: Clone + Debug + PartialEq + Sized {
    /// The word of the command that asks for it.
    fn command(&self) -> &'static str;
    /// The word of the event that says it happened.
    fn event(&self) -> &'static str;
    /// Its content without the word.
    fn to_node(&self) -> Node;
    /// Reads its content, given either word.
    ///
    /// # Errors
    /// [`Code::UnknownWord`] for another word; else names the key, the value and the rule.
    fn from_node(word: &str, node: &Node) -> Result<Self>;
}

/// What is folded.
pub trait Subject: Clone + Debug + PartialEq {
    /// What changes it.
    type Change: Change;

    /// Whether a change may be asked for now, and whether it would change anything.
    ///
    /// # Errors
    /// Names the value and the rule.
    fn changes(&self, change: &Self::Change, header: &Header) -> Result<bool>;

    /// Makes a change that happened. What a policy would refuse today stays as it happened.
    ///
    /// # Errors
    /// Names the value and the rule when it cannot have happened; the subject is then as it was.
    fn make(&mut self, change: &Self::Change, header: &Header) -> Result<()>;
}

/// Who asked, when, and under which id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The command's id; the same id never acts twice.
    pub command_id: CommandId,
    /// Who asks.
    pub actor: ExternalId,
    /// When, by the caller's clock.
    pub at: Timestamp,
}

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command<C> {
    /// Who asks, when, and under which id.
    pub header: Header,
    /// The version the caller saw, to refuse a command on a subject that moved on.
    pub expected_version: Option<u64>,
    /// What is asked for.
    pub change: C,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<C> {
    /// Of the command that made it.
    pub header: Header,
    /// What the command said.
    pub fingerprint: Fingerprint,
    /// Its place in the log, from 1.
    pub seq: u64,
    /// What happened.
    pub change: C,
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handled<C> {
    /// It made this event.
    Made(Event<C>),
    /// It asked for what stands already.
    Nothing,
    /// It made this event before.
    Repeat(Event<C>),
}

/// A subject with every event it was folded from.
///
/// ```
/// use fenrun::{doc::read_json, log::{Command, Log}, money::Currency, trade::catalog::Catalog};
/// let mut log = Log::new(Catalog::new(Currency::CNY));
/// let command = r#"{"command_id": "c1", "actor": "shop", "now": 0,
///     "command": {"put_sku": {"id": 7, "list": 1999}}}"#;
/// log.handle(&Command::from_node(&read_json(command, 1000)?)?)?;
/// assert_eq!(log.subject().version(), 1);
/// assert_eq!(Log::replay(Catalog::new(Currency::CNY), log.events().to_vec())?, log);
/// # Ok::<(), fenrun::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log<S: Subject> {
    subject: S,
    events: Vec<Event<S::Change>>,
    commands: BTreeMap<CommandId, usize>,
}

impl<S: Subject> Log<S> {
    /// A subject to which nothing has happened.
    #[must_use]
    pub const fn new(subject: S) -> Self {
        Self { subject, events: Vec::new(), commands: BTreeMap::new() }
    }

    /// Folds a log, from its first event on.
    ///
    /// # Errors
    /// [`Code::InvalidEvent`] when an event cannot follow on those before it.
    pub fn replay(subject: S, events: Vec<Event<S::Change>>) -> Result<Self> {
        let mut log = Self::new(subject);
        for event in events {
            let place = format!("event {}", event.seq);
            if event.seq != log.version() + 1 || log.commands.contains_key(&event.header.command_id) {
                let rule = format!("{place} cannot follow {} events", log.version());
                return Err(Error::new(Code::InvalidEvent, rule));
            }
            log.push(event)
                .map_err(|error| Error::new(Code::InvalidEvent, format!("{place}: {}", error.message())))?;
        }
        Ok(log)
    }

    /// The subject as it stands.
    #[must_use]
    pub const fn subject(&self) -> &S {
        &self.subject
    }

    /// Every event, in order.
    #[must_use]
    pub fn events(&self) -> &[Event<S::Change>] {
        &self.events
    }

    /// How many events there are.
    #[must_use]
    pub fn version(&self) -> u64 {
        u64::try_from(self.events.len()).unwrap_or(u64::MAX)
    }

    /// Decides a command and folds its event in.
    ///
    /// # Errors
    /// [`Code::IdempotencyConflict`] when the id came with another content; [`Code::VersionConflict`] when
    /// the subject moved on; those of [`Subject::changes`]. The subject is then as it was.
    pub fn handle(&mut self, command: &Command<S::Change>) -> Result<Handled<S::Change>> {
        let fingerprint = command.fingerprint();
        let header = &command.header;
        if let Some(known) = self.commands.get(&header.command_id).and_then(|at| self.events.get(*at)) {
            if known.fingerprint == fingerprint {
                return Ok(Handled::Repeat(known.clone()));
            }
            let rule = format!("command {} came before with another content", header.command_id);
            return Err(Error::new(Code::IdempotencyConflict, rule));
        }
        if let Some(seen) = command.expected_version.filter(|seen| *seen != self.version()) {
            let rule = format!("version {seen} was expected; {} is the one of now", self.version());
            return Err(Error::new(Code::VersionConflict, rule));
        }
        if !self.subject.changes(&command.change, header)? {
            return Ok(Handled::Nothing);
        }
        let (header, change) = (header.clone(), command.change.clone());
        let event = Event { header, fingerprint, seq: self.version() + 1, change };
        self.push(event.clone())?;
        Ok(Handled::Made(event))
    }

    fn push(&mut self, event: Event<S::Change>) -> Result<()> {
        self.subject.make(&event.change, &event.header)?;
        self.commands.insert(event.header.command_id.clone(), self.events.len());
        self.events.push(event);
        Ok(())
    }
}

impl<C: Change> Command<C> {
    fn fingerprint(&self) -> Fingerprint {
        let text = format!("{}{}", self.change.command(), self.change.to_node().to_json());
        Fingerprint::of(&text, &self.header.actor)
    }

    /// Reads `{"command_id", "actor", "now", "expected_version", "command": {word: content}}`.
    ///
    /// # Errors
    /// Names the key, the value and the rule.
    pub fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Fields::new(node, "command")?;
        let (word, content) = match fields.need("command")? {
            Node::Map(map) if map.len() == 1 => map.iter().next(),
            _ => None,
        }
        .ok_or_else(|| fields.fault(Code::InvalidCommand, "`command` is a map of one word"))?;
        let command = Self {
            header: header_from_fields(&mut fields, "now")?,
            expected_version: fields.count("expected_version")?,
            change: C::from_node(word, content)?,
        };
        fields.finish()?;
        Ok(command)
    }
}

impl<C: Change> Event<C> {
    /// The event as a document, one line of a log.
    #[must_use]
    pub fn to_node(&self) -> Node {
        NodeSink::of(|sink| {
            sink.text("actor", self.header.actor.as_str());
            sink.int("at", self.header.at.ms());
            sink.text("command_id", self.header.command_id.as_str());
            sink.node("data", &self.change.to_node());
            sink.text("fingerprint", &self.fingerprint.to_string());
            sink.int("schema", LOG_SCHEMA);
            sink.count("seq", self.seq);
            sink.text("type", self.change.event());
        })
    }

    /// Reads what [`Event::to_node`] writes.
    ///
    /// # Errors
    /// [`Code::InvalidEvent`] for another schema; else names the key, the value and the rule.
    pub fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Fields::new(node, "event")?;
        let schema = fields.need_int("schema")?;
        if schema != LOG_SCHEMA {
            let rule = format!("schema {schema}; {LOG_SCHEMA} is the one that is known");
            return Err(fields.fault(Code::InvalidEvent, rule));
        }
        let event = Self {
            header: header_from_fields(&mut fields, "at")?,
            fingerprint: Fingerprint::parse(fields.need_text("fingerprint")?)?,
            seq: u64::try_from(fields.need_int("seq")?).unwrap_or(0),
            change: C::from_node(fields.need_text("type")?, fields.need("data")?)?,
        };
        fields.finish()?;
        Ok(event)
    }
}

fn header_from_fields(fields: &mut Fields<'_>, time: &'static str) -> Result<Header> {
    Ok(Header {
        command_id: fields.need_id("command_id")?.into(),
        actor: fields.need_id("actor")?,
        at: Timestamp::from_ms(fields.need_int(time)?),
    })
}
