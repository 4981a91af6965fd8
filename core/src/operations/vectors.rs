//! Golden vectors: reading their files and holding them against the operations.

use super::{matches, run};
use crate::doc::{self, Fields, MAX_DOCUMENT_BYTES, Node};
use crate::error::{Code, Error, Result};
use crate::reward::plan::Plan;

/// The schema this version reads.
const SCHEMA: &str = "fenrun.vectors/1";
/// The schema of the tables that say how foreign words were translated.
const MAP_SCHEMA: &str = "fenrun.vectors.map/1";

/// Where the plan of a case is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlanSource {
    /// The name of a preset.
    Preset(String),
    /// The plan itself.
    Inline(Node),
}

/// What a case expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// An answer that [`matches()`] this.
    Answer(Node),
    /// An error with this stable name.
    Error(String),
}

/// One fact: an operation, its input and what it must give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Unique over all files.
    pub id: String,
    /// The operation.
    pub op: String,
    /// The plan, for operations that take one.
    pub plan: Option<PlanSource>,
    /// The operation's input.
    pub input: Node,
    /// What must come out.
    pub expect: Expectation,
}

/// Reads a file of vectors. What stands beside them and has no cases, their JSON Schema and the tables of
/// foreign words, gives none.
///
/// # Errors
/// Names the case and the key that is missing, unknown or of the wrong type.
///
/// ```
/// let text = r#"{"schema": "fenrun.vectors/1", "cases": [{"id": "yen", "op": "currency",
///     "input": {"code": "JPY"}, "expect": {"exponent": 0}, "source": "ISO 4217"}]}"#;
/// let cases = fenrun::operations::read_vectors(text)?;
/// assert_eq!(cases[0].verify(), Ok(()));
/// # Ok::<(), fenrun::Error>(())
/// ```
pub fn read_vectors(text: &str) -> Result<Vec<Case>> {
    let node = doc::read_json(text, MAX_DOCUMENT_BYTES)?;
    if node.get("$schema").is_some() || node.get("schema").and_then(Node::as_text) == Some(MAP_SCHEMA) {
        return Ok(Vec::new());
    }
    let mut fields = Fields::new(&node, "vectors")?;
    let schema = fields.text("schema")?.unwrap_or_default();
    if schema != SCHEMA {
        return Err(fields.fault(Code::InvalidValue, format!("`schema` is `{schema}`, not `{SCHEMA}`")));
    }
    let cases = fields.list("cases")?.iter().enumerate().map(|(at, node)| Case::from_node(node, at));
    let cases = cases.collect::<Result<_>>()?;
    fields.finish()?;
    Ok(cases)
}

impl Case {
    fn from_node(node: &Node, at: usize) -> Result<Self> {
        let mut fields = Fields::new(node, format!("case {at}"))?;
        let id = fields.text("id")?.unwrap_or_default().to_owned();
        if id.is_empty() {
            return Err(fields.fault(Code::MissingKey, "the key `id` is missing"));
        }
        let mut fields = Fields::new(node, format!("case {id}"))?;
        // What only people read is taken so that nothing else may stand there.
        for key in ["id", "note", "peer", "source"] {
            fields.take(key);
        }
        let op = fields.text("op")?.unwrap_or_default().to_owned();
        let plan = fields.take("plan").map(|node| match node {
            Node::Text(name) => PlanSource::Preset(name.clone()),
            inline => PlanSource::Inline(inline.clone()),
        });
        let input = fields.need("input")?.clone();
        let expect = match (fields.take("expect"), fields.text("error")?) {
            (Some(answer), None) => Expectation::Answer(answer.clone()),
            (None, Some(name)) if Code::ALL.iter().any(|code| code.name() == name) => {
                Expectation::Error(name.to_owned())
            }
            (None, Some(name)) => {
                return Err(fields.fault(Code::UnknownWord, format!("no error is called `{name}`")));
            }
            _ => return Err(fields.fault(Code::InvalidValue, "either `expect` or `error`, one of them")),
        };
        fields.finish()?;
        Ok(Self { id, op, plan, input, expect })
    }

    /// Runs the case; a plan that is refused is the case's error.
    ///
    /// # Errors
    /// As [`run`], and as [`Plan::from_node`].
    pub fn run(&self) -> Result<Node> {
        let plan = match &self.plan {
            None => None,
            Some(PlanSource::Inline(node)) => Some(Plan::from_node(node)?),
            #[cfg(feature = "toml")]
            Some(PlanSource::Preset(name)) => Some(Plan::preset(name)?),
            #[cfg(not(feature = "toml"))]
            Some(PlanSource::Preset(_)) => {
                return Err(Error::new(Code::NotBuilt, "presets need the feature `toml`"));
            }
        };
        run(&self.op, plan.as_ref(), &self.input)
    }

    /// Runs the case and compares.
    ///
    /// # Errors
    /// One line that says what differs.
    pub fn verify(&self) -> Result<(), String> {
        self.compare(&self.run())
    }

    /// Compares what another language's call gave.
    ///
    /// # Errors
    /// One line that says what differs.
    pub fn compare(&self, result: &Result<Node>) -> Result<(), String> {
        match (&self.expect, result) {
            (Expectation::Answer(expected), Ok(actual)) => matches(expected, actual),
            (Expectation::Error(expected), Err(error)) if error.code().name() == expected => Ok(()),
            (Expectation::Answer(_), Err(error)) => Err(describe(error)),
            (Expectation::Error(expected), Err(error)) => {
                Err(format!("expected the error {expected}, got {}", describe(error)))
            }
            (Expectation::Error(expected), Ok(actual)) => {
                Err(format!("expected the error {expected}, got {}", actual.to_json()))
            }
        }
    }
}

fn describe(error: &Error) -> String {
    format!("{} ({error})", error.code())
}
