//! Logs: commands become events once, and a subject is folded from its events alone.
//!
//! Rooms whose commands and events are the same [`Change`], asked for and happened, share this log: the
//! catalogue, members, visitors. The same command id acts once; another content under it is refused. That holds
//! for a command that asked for what stood already, too: it leaves an event without a change.

use crate::doc::{Fields, Node, NodeSink, Sink};
use crate::error::{Code, Error, Result};
use crate::id::{CommandId, ExternalId};
use crate::request::Fingerprint;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::fmt::Debug;

/// The schema number in every event; upcasters begin after 0.
pub const LOG_SCHEMA: i64 = 0;

/// The word of an event that changed nothing: its command asked for what stood already.
const NOTED: &str = "noted";

/// Something that can be asked for, and that can have happened.
pub trait Change: Clone + Debug + PartialEq + Sized {
    /// The word of the command that asks for it.
    fn command(&self) -> &'static str;
    /// The word of the event that says it happened.
    fn event(&self) -> &'static str;
    /// Its content without the word.
    fn to_node(&self) -> Node;
    /// Reads its content, given either word, as strictly as the fields are: of a log, what nobody knows is
    /// something a later version knew.
    ///
    /// # Errors
    /// [`Code::UnknownWord`] for another word; else names the key, the value and the rule.
    fn from_fields(word: &str, fields: Fields<'_>) -> Result<Self>;

    /// Reads its content as a host writes it: a key nobody knows is a mistake.
    ///
    /// # Errors
    /// As [`Change::from_fields`].
    fn from_node(word: &str, node: &Node) -> Result<Self> {
        Self::from_fields(word, Fields::new(node, word)?)
    }
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

    /// How many changes it counts itself. A log over a snapshot counts on from there.
    fn version(&self) -> u64 {
        0
    }
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
    /// The version of the subject after it, from 1; one without a change leaves the version as it was.
    pub seq: u64,
    /// What happened; none when its command asked for what stood already.
    pub change: Option<C>,
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handled<C> {
    /// It made this event.
    Made(Event<C>),
    /// It asked for what stands already; its id is taken.
    Noted(Event<C>),
    /// It left this event before.
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
    version: u64,
    events: Vec<Event<S::Change>>,
    commands: BTreeMap<CommandId, usize>,
}

impl<S: Subject> Log<S> {
    /// A subject to which nothing has happened, or one as a snapshot has it.
    #[must_use]
    pub fn new(subject: S) -> Self {
        Self { version: subject.version(), subject, events: Vec::new(), commands: BTreeMap::new() }
    }

    /// Folds a log, from its first event on.
    ///
    /// # Errors
    /// [`Code::InvalidEvent`] when an event cannot follow on those before it.
    pub fn replay(subject: S, events: Vec<Event<S::Change>>) -> Result<Self> {
        let mut log = Self::new(subject);
        for event in events {
            let place = format!("event {}", event.seq);
            let next = log.version.checked_add(u64::from(event.change.is_some()));
            if Some(event.seq) != next || log.commands.contains_key(&event.header.command_id) {
                let rule = format!("{place} cannot follow version {}", log.version);
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

    /// How many changes there were, those before a snapshot included.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// Decides a command and folds its event in. A command that asks for what stands already leaves an event
    /// too, so that its id never acts later.
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
        let change = self.subject.changes(&command.change, header)?.then(|| command.change.clone());
        let seq = self.version.checked_add(u64::from(change.is_some()));
        let full = || Error::new(Code::Overflow, "the versions of this log are used up");
        let event = Event { header: header.clone(), fingerprint, seq: seq.ok_or_else(full)?, change };
        self.push(event.clone())?;
        Ok(if event.change.is_some() { Handled::Made(event) } else { Handled::Noted(event) })
    }

    fn push(&mut self, event: Event<S::Change>) -> Result<()> {
        if let Some(change) = &event.change {
            self.subject.make(change, &event.header)?;
        }
        self.version = event.seq;
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
    /// The word of what happened.
    #[must_use]
    pub fn word(&self) -> &'static str {
        self.change.as_ref().map_or(NOTED, Change::event)
    }

    /// The event as a document, one line of a log.
    #[must_use]
    pub fn to_node(&self) -> Node {
        NodeSink::of(|sink| {
            sink.text("actor", self.header.actor.as_str());
            sink.int("at", self.header.at.ms());
            sink.text("command_id", self.header.command_id.as_str());
            sink.node(
                "data",
                &self.change.as_ref().map_or_else(|| Node::Map(BTreeMap::new()), Change::to_node),
            );
            sink.text("fingerprint", &self.fingerprint.to_string());
            sink.int("schema", LOG_SCHEMA);
            sink.count("seq", self.seq);
            sink.text("type", self.word());
        })
    }

    /// Reads what [`Event::to_node`] writes. Keys nobody knows are ignored, a type nobody knows is an error.
    ///
    /// # Errors
    /// [`Code::InvalidEvent`] for another schema; else names the key, the value and the rule.
    pub fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Fields::of_log(node, "event")?;
        let schema = fields.need_int("schema")?;
        if schema != LOG_SCHEMA {
            let rule = format!("schema {schema}; {LOG_SCHEMA} is the one that is known");
            return Err(fields.fault(Code::InvalidEvent, rule));
        }
        let event = Self {
            header: header_from_fields(&mut fields, "at")?,
            fingerprint: Fingerprint::parse(fields.need_text("fingerprint")?)?,
            seq: u64::try_from(fields.need_int("seq")?).unwrap_or(0),
            change: match (fields.need_text("type")?, fields.need("data")?) {
                (NOTED, data) => fields.within(data, NOTED)?.finish().map(|()| None)?,
                (word, data) => Some(C::from_fields(word, fields.within(data, word)?)?),
            },
        };
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
