//! Commands of a cart as data.

use super::{Buying, Cart, Merged, Selection};
use crate::doc::{Fields, Node};
use crate::error::{Code, Error, Result};
use crate::id::{LineId, SkuId};
use crate::request::no_command;

/// One command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CartCommand {
    /// [`Cart::add`].
    Add {
        /// The line, a new one or one that holds the same SKU.
        line: LineId,
        /// What.
        sku: SkuId,
        /// How many units more.
        units: u64,
    },
    /// [`Cart::change`].
    Change {
        /// Which line.
        line: LineId,
        /// How many units from now on.
        units: u64,
    },
    /// [`Cart::remove`].
    Remove {
        /// Which line.
        line: LineId,
    },
    /// [`Cart::select`], or [`Cart::select_all`] without a line.
    Select {
        /// Which line; none for all.
        line: Option<LineId>,
        /// Whether it is to be bought now.
        selection: Selection,
    },
    /// [`Cart::merge`].
    Merge(Cart),
    /// [`Cart::refresh`].
    Refresh,
    /// [`Cart::clear`].
    Clear,
}

/// What a command has to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// Nothing beyond the cart.
    Plain,
    /// What a merge could not place.
    Merged(Merged),
}

const WORDS: [&str; 8] = ["add", "change", "remove", "select", "deselect", "merge", "refresh", "clear"];

impl CartCommand {
    /// Reads a word, or a word with its content: `"clear"`, `{"add": {"line", "sku", "units"}}`.
    ///
    /// # Errors
    /// [`Code::UnknownWord`] for another word; else names the key, the value and the rule.
    pub fn from_node(node: &Node) -> Result<Self> {
        let empty = Node::Map(std::collections::BTreeMap::new());
        let (word, content) = match node {
            Node::Text(word) => (word.as_str(), &empty),
            Node::Map(map) if map.len() == 1 => {
                map.iter().next().map_or(("", &empty), |(word, content)| (word.as_str(), content))
            }
            other => return Err(crate::doc::invalid("a cart command", "a word or a map of one", other)),
        };
        if !WORDS.contains(&word) {
            return Err(no_command(word, "a cart", &WORDS.join(", ")));
        }
        let mut fields = Fields::new(content, word)?;
        let command = match word {
            "add" => Self::Add {
                line: fields.need_id("line")?.into(),
                sku: fields.need_id("sku")?.into(),
                units: fields.count("units")?.unwrap_or(1),
            },
            "change" => {
                let line = fields.need_id("line")?.into();
                let units = fields.count("units")?;
                let missing = || Error::new(Code::MissingKey, "change: the key `units` is missing");
                Self::Change { line, units: units.ok_or_else(missing)? }
            }
            "remove" => Self::Remove { line: fields.need_id("line")?.into() },
            "select" => {
                Self::Select { line: fields.id("line")?.map(LineId::from), selection: Selection::Selected }
            }
            "deselect" => {
                Self::Select { line: fields.id("line")?.map(LineId::from), selection: Selection::Waiting }
            }
            "merge" => Self::Merge(Cart::from_node(fields.need("cart")?)?),
            "refresh" => Self::Refresh,
            _ => Self::Clear,
        };
        fields.finish()?;
        Ok(command)
    }
}

impl Cart {
    /// Carries a command out.
    ///
    /// # Errors
    /// Those of the method it names; the cart is then as it was.
    pub fn handle<'a>(&mut self, buying: impl Into<Buying<'a>>, command: &CartCommand) -> Result<Done> {
        let buying = buying.into();
        match command {
            CartCommand::Add { line, sku, units } => {
                self.add(buying, line.clone(), sku.clone(), *units)?;
            }
            CartCommand::Change { line, units } => self.change(buying, line, *units)?,
            CartCommand::Remove { line } => self.remove(line)?,
            CartCommand::Select { line: Some(line), selection } => self.select(line, *selection)?,
            CartCommand::Select { line: None, selection } => self.select_all(*selection),
            CartCommand::Merge(guest) => return Ok(Done::Merged(self.merge(buying, guest))),
            CartCommand::Refresh => self.refresh(buying),
            CartCommand::Clear => self.clear(),
        }
        Ok(Done::Plain)
    }
}
