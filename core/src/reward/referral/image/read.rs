//! A forest over the bytes of a file.

use super::layout::{FORMAT_OF_OLD_TABLES, Header, damaged, kind, u32_at};
use crate::doc::{Fields, MAX_DOCUMENT_BYTES, Node, read_json};
use crate::error::{Code, Result};
use crate::reward::referral::columns::Column;
use crate::reward::referral::edges::{ALWAYS, Edges};
use crate::reward::referral::forest::{Forest, MemberIx, turned};
use crate::reward::referral::ids::Ids;
use crate::reward::referral::order::parents_first;
use crate::reward::referral::shelf::{Shared, Shelf};
use crate::reward::referral::table::Table;
use crate::reward::referral::teams::Teams;
use crate::reward::referral::texts::Texts;
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

/// Bytes that stay where they are, as every type a forest reads: a mapped file, for one.
pub trait Image:
    AsRef<[u8]> + AsRef<[u32]> + AsRef<[u64]> + AsRef<[i64]> + Send + Sync + UnwindSafe + RefUnwindSafe + 'static
{
}

impl<T> Image for T where
    T: AsRef<[u8]>
        + AsRef<[u32]>
        + AsRef<[u64]>
        + AsRef<[i64]>
        + Send
        + Sync
        + UnwindSafe
        + RefUnwindSafe
        + 'static
{
}

impl Forest {
    /// The forest in the bytes of [`Forest::to_image`], which it goes on reading: nothing but its facts is
    /// copied until it changes.
    ///
    /// # Errors
    /// [`Code::NotAForest`], [`Code::NewerForest`]; [`Code::DamagedForest`] when bytes are missing or were
    /// changed.
    pub fn from_image<I: Image>(image: &Arc<I>) -> Result<Self> {
        let file = File { bytes: (**image).as_ref(), header: Header::read((**image).as_ref())?, image };
        let (ranks, columns) = file.names()?;
        let mut forest = Self {
            ids: Ids {
                count: file.header.members,
                external: file.shelf(kind::IDS, 8)?,
                table: file.table(kind::PLACES)?,
                aliases: file.merged()?,
            },
            texts: Texts {
                ends: file.shelf(kind::TEXT_ENDS, 8)?,
                bytes: file.shelf(kind::TEXT_BYTES, 1)?,
                table: file.table(kind::TEXT_PLACES)?,
            },
            parents: file.shelf(kind::PARENTS, 4)?,
            edges: file.edges()?,
            closed: file.words(kind::CLOSED)?.into_iter().collect(),
            turned: file.header.turned,
            version: file.header.stamp.version,
            moment: None,
            teams: Teams::default(),
            ranks: file.shelf(kind::RANKS, 1)?,
            rank_names: ranks,
            columns,
        };
        forest.check()?;
        match file.header.format {
            FORMAT_OF_OLD_TABLES => forest.fill_tables_anew(),
            _ => forest.go_beyond(&file.words(kind::BEYOND)?, &file.words(kind::TEXT_BEYOND)?)?,
        }
        Ok(forest)
    }

    fn fill_tables_anew(&mut self) {
        if !self.ids_are_handles() {
            self.ids.fill_anew(self.len());
        }
        if self.has_texts() {
            self.texts.fill_anew(self.len());
        }
    }

    /// Takes up those for whom a table had no place.
    fn go_beyond(&mut self, ids: &[u32], texts: &[u32]) -> Result<()> {
        let fault = || damaged("a table names somebody who is not there");
        let known = |handle: &u32| Some(MemberIx::new(*handle)).filter(|ix| self.parents.len() > ix.index());
        for handle in ids {
            let id = self.ids.of(known(handle).ok_or_else(fault)?);
            self.ids.table.beyond.insert(id, *handle);
        }
        for handle in texts {
            let text = known(handle).and_then(|ix| self.texts.of(ix)).ok_or_else(fault)?;
            self.texts.table.beyond.insert(text.into(), *handle);
        }
        Ok(())
    }

    /// Whether the parts agree, so that no read goes astray.
    fn check(&self) -> Result<()> {
        let len = self.len();
        if len > crate::reward::referral::MAX_MEMBERS {
            return Err(damaged(&format!("it has {len} members, more than a forest holds")));
        }
        let last = u32::try_from(len).unwrap_or(u32::MAX);
        let known = |handle: &u32| *handle <= last;
        let mut handles = self.closed.iter().chain(self.ids.aliases.keys()).chain(self.ids.aliases.values());
        // Who joined after a column was set states nothing in it.
        let ranks = self.ranks.len() <= len;
        let named = self.ranks.iter().all(|code| usize::from(*code) <= self.rank_names.len());
        let parents = self.parents.len() == len + 1 && self.parents[0] == 0;
        let most = u64::try_from(len).unwrap_or(u64::MAX);
        let counted = !self.has_texts() || self.ids.external.iter().all(|id| *id <= most);
        let sound = self.ids.fits() && counted && self.texts.fits(len) && ranks && named && parents;
        if !sound || !self.parents.iter().all(known) || !handles.all(known) {
            return Err(damaged("its columns do not fit each other"));
        }
        if turned(&self.parents) != self.turned {
            return Err(damaged("its order is not the one it was saved with"));
        }
        let facts = self.columns.values().all(|column| column.len() <= len);
        if !facts || (self.turned > 0 && parents_first(&self.parents).len() != len) {
            return Err(damaged("a path leads back to itself, or a fact has more values than members"));
        }
        Ok(())
    }
}

/// A file whose checksums were right.
struct File<'a, I> {
    image: &'a Arc<I>,
    bytes: &'a [u8],
    header: Header,
}

impl<I: Image> File<'_, I> {
    /// A section to be read in place; one that is not there is empty.
    fn shelf<T: Clone + 'static>(&self, kind: u32, width: usize) -> Result<Shelf<T>>
    where
        I: AsRef<[T]>,
    {
        let Some(entry) = self.header.sections.get(&kind) else { return Ok(Shelf::default()) };
        let whole: Shared<T> = Arc::<I>::clone(self.image);
        let shelf = Shelf::shared(whole, entry.values());
        // A keeper of bytes that are not aligned has no values at all.
        match entry.width == width && shelf.len() == entry.count {
            true => Ok(shelf),
            false => Err(damaged(&format!("section {kind} cannot be read in place"))),
        }
    }

    fn table<K: Ord>(&self, places: u32) -> Result<Table<K>> {
        Ok(Table { places: self.shelf(places, 4)?, ..Table::default() })
    }

    fn section(&self, kind: u32) -> &[u8] {
        self.header.sections.get(&kind).map_or(&[], |entry| &self.bytes[entry.bytes()])
    }

    fn words(&self, kind: u32) -> Result<Vec<u32>> {
        let shelf: Shelf<u32> = self.shelf(kind, 4)?;
        Ok(shelf.to_vec())
    }

    fn merged(&self) -> Result<BTreeMap<u32, u32>> {
        let pairs = self.words(kind::MERGED)?;
        Ok(pairs.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect())
    }

    fn edges(&self) -> Result<Edges> {
        let last = Timestamp::from_ms(self.header.last);
        let mut edges = Edges::default();
        edges.moved = self.shelf(kind::MOVED, 8)?;
        edges.members = self.shelf(kind::EDGE_MEMBERS, 4)?;
        edges.ends = self.shelf(kind::EDGE_ENDS, 4)?;
        edges.times = self.shelf(kind::EDGE_TIMES, 8)?;
        edges.parents = self.shelf(kind::EDGE_PARENTS, 4)?;
        edges.last = Some(last).filter(|last| *last != ALWAYS);
        let all = u32::try_from(edges.times.len()).unwrap_or(u32::MAX);
        let fits = edges.ends.len() == edges.members.len()
            && edges.parents.len() == edges.times.len()
            && edges.ends.last().copied().unwrap_or(0) == all
            && edges.ends.is_sorted()
            && edges.members.is_sorted();
        let known = |parent: &u32| usize::try_from(*parent).is_ok_and(|at| at <= self.header.members);
        match fits && edges.parents.iter().all(known) {
            true => Ok(edges),
            false => Err(damaged("its dated edges do not fit each other")),
        }
    }

    /// The names of the ranks, and the facts.
    fn names(&self) -> Result<(Vec<String>, BTreeMap<String, Column>)> {
        let fault = || damaged("its names cannot be read");
        let text = std::str::from_utf8(self.section(kind::NAMES)).map_err(|_| fault())?;
        if text.is_empty() {
            return Ok((Vec::new(), BTreeMap::new()));
        }
        let node = read_json(text, MAX_DOCUMENT_BYTES).map_err(|_| fault())?;
        let read = || -> Result<_> {
            let mut fields = Fields::new(&node, "names")?;
            let ranks = texts(fields.list("ranks")?)?;
            let mut columns = BTreeMap::new();
            for (number, fact) in (kind::FACTS..).zip(fields.list("facts")?) {
                let mut fact = Fields::new(fact, "a fact")?;
                let words = texts(fact.list("words")?)?;
                let column = self.column(number, fact.need_text("type")?, words)?;
                columns.insert(fact.need_text("name")?.to_owned(), column);
            }
            Ok((ranks, columns))
        };
        read().map_err(|error| match error.code() {
            Code::DamagedForest => error,
            _ => fault(),
        })
    }

    fn column(&self, number: u32, kind: &str, words: Vec<String>) -> Result<Column> {
        let section = self.section(number);
        Ok(match kind {
            "flag" => Column::Flag(section.iter().map(|byte| *byte == 1).collect()),
            "int" => {
                let values: Shelf<i64> = self.shelf(number, 8)?;
                Column::Int(values.to_vec())
            }
            _ => {
                let codes = section.chunks_exact(4).map(|word| u32_at(word, 0)).collect();
                Column::Text { codes, words }
            }
        })
    }
}

fn texts(nodes: &[Node]) -> Result<Vec<String>> {
    let text = |node: &Node| node.as_text().map(str::to_owned);
    nodes.iter().map(|node| text(node).ok_or_else(|| damaged("a name is no text"))).collect()
}
