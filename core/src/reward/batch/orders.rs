//! The columns of a batch.

use crate::doc::{Fields, Node, invalid};
use crate::error::{Code, Error, Result};
use crate::reward::plan::Plan;
use crate::reward::referral::{Forest, MemberIx};
use crate::sale::read::overrides_from_fields;
use crate::sale::{COMPONENTS, Override, check_tenant};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Range;

/// Overrides of a line, by rule id.
pub type Overrides = BTreeMap<String, Override>;

/// Reads a table of overrides, a list of `{ <rule id>: <rates> }`, as a line of a sale has them.
///
/// # Errors
/// Names the place in the table, the rule and the value.
pub fn read_overrides(table: &Node) -> Result<Vec<Overrides>> {
    let Node::List(entries) = table else {
        return Err(invalid("the table of overrides", "a list", table));
    };
    let entries = entries.iter().enumerate().map(|(at, entry)| {
        let line = Node::map([("override", entry.clone())]);
        overrides_from_fields(&mut Fields::new(&line, format!("overrides[{at}]"))?)
    });
    entries.collect()
}

/// Order lines as columns, one row a line. All columns have the same length.
#[derive(Clone, Copy, Debug)]
pub struct Orders<'a> {
    /// The buyer of each row.
    pub buyers: &'a [MemberIx],
    /// Components by name, in minor units at or above zero; `paid` is always among them.
    pub components: &'a [(&'a str, &'a [i64])],
    /// Order ids below 2^63; the row number from 1 when absent. Rows of one order stand together.
    pub ids: Option<&'a [u64]>,
    /// Line ids below 2^63, unique within the order. Without them every row is an order of its own.
    pub lines: Option<&'a [u64]>,
    /// Units of each row, 1 when absent.
    pub units: Option<&'a [u32]>,
    /// When each order was placed, milliseconds of UTC; now when absent.
    pub placed_at: Option<&'a [i64]>,
    /// Overrides: an index into the table for each row, 0 for none.
    pub overrides: Option<(&'a [u32], &'a [Overrides])>,
}

impl<'a> Orders<'a> {
    /// One row an order, one unit a row.
    #[must_use]
    pub const fn new(buyers: &'a [MemberIx], components: &'a [(&'a str, &'a [i64])]) -> Self {
        Self { buyers, components, ids: None, lines: None, units: None, placed_at: None, overrides: None }
    }

    /// How many rows there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.buyers.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.buyers.is_empty()
    }

    /// The column of a component.
    #[must_use]
    pub fn component(&self, name: &str) -> Option<&'a [i64]> {
        self.components.iter().find(|(known, _)| *known == name).map(|(_, column)| *column)
    }

    /// The id of the order of a row.
    #[must_use]
    pub fn order_id(&self, row: usize) -> u64 {
        let number = u64::try_from(row + 1).unwrap_or(u64::MAX);
        self.ids.map_or(number, |ids| ids[row])
    }

    /// The same orders without rows outside a range, for work on several threads. The range must not cut
    /// an order in two.
    #[must_use]
    pub fn slice<'b>(&self, range: Range<usize>, components: &'b mut Vec<(&'a str, &'a [i64])>) -> Orders<'b>
    where
        'a: 'b,
    {
        components.clear();
        components.extend(self.components.iter().map(|(name, column)| (*name, &column[range.clone()])));
        Orders {
            buyers: &self.buyers[range.clone()],
            components,
            ids: self.ids.map(|column| &column[range.clone()]),
            lines: self.lines.map(|column| &column[range.clone()]),
            units: self.units.map(|column| &column[range.clone()]),
            placed_at: self.placed_at.map(|column| &column[range.clone()]),
            overrides: self.overrides.map(|(column, table)| (&column[range], table)),
        }
    }

    /// Where each order starts, and the end: rows `starts[k]..starts[k + 1]` are one order.
    pub(super) fn starts(&self) -> Vec<usize> {
        (0..self.len()).filter(|row| self.starts_at(*row)).chain([self.len()]).collect()
    }

    /// Whether an order starts at a row.
    fn starts_at(&self, row: usize) -> bool {
        match (self.ids, self.lines) {
            (Some(ids), Some(_)) => row == 0 || ids[row] != ids[row - 1],
            _ => true,
        }
    }

    /// Cuts the rows into at most `parts` ranges of about the same length that together cover all of them
    /// and never cut an order in two: what several threads settle with [`Orders::slice`].
    #[must_use]
    pub fn split(&self, parts: usize) -> Vec<Range<usize>> {
        let mut ranges = Vec::with_capacity(parts);
        let mut start = 0;
        for part in 1..=parts {
            let wanted = self.len() / parts * part + (self.len() % parts * part) / parts;
            let end = (wanted..self.len()).find(|row| self.starts_at(*row)).unwrap_or(self.len());
            if end > start {
                ranges.push(start..end);
                start = end;
            }
        }
        ranges
    }

    /// Checks the whole batch, as [`settle`](super::settle) does before it settles anything. Needed only
    /// before parts of a batch are settled one by one: an order that stands in two parts is in neither twice.
    ///
    /// # Errors
    /// With the index of the row at fault.
    pub fn check(&self, forest: &Forest) -> Result<()> {
        let wanted = self.len();
        let lengths = self.components.iter().map(|(name, column)| (*name, column.len()));
        let optional = [
            ("order", self.ids.map(<[_]>::len)),
            ("line", self.lines.map(<[_]>::len)),
            ("units", self.units.map(<[_]>::len)),
            ("placed_at", self.placed_at.map(<[_]>::len)),
            ("override", self.overrides.map(|(column, _)| column.len())),
        ];
        let optional = optional.into_iter().filter_map(|(name, len)| len.map(|len| (name, len)));
        if let Some((name, got)) = lengths.chain(optional).find(|(_, len)| *len != wanted) {
            let error = format!("column `{name}` has {got} values for {wanted} buyers");
            return Err(Error::new(Code::LengthMismatch, error));
        }
        if u32::try_from(wanted).is_err() {
            let error = format!("{wanted} rows; a batch has at most {}", u32::MAX);
            return Err(Error::new(Code::TooLarge, error));
        }
        self.check_buyers(forest)?;
        self.check_values()?;
        self.check_ids()
    }

    fn check_buyers(&self, forest: &Forest) -> Result<()> {
        let members = u32::try_from(forest.len()).unwrap_or(u32::MAX);
        let is_strange = |buyer: &MemberIx| buyer.get().wrapping_sub(1) >= members;
        // One pass without an early exit, for the usual case that all are there.
        if self.buyers.iter().fold(0, |strange, buyer| strange | u8::from(is_strange(buyer))) == 0 {
            return Ok(());
        }
        let row = self.buyers.iter().position(is_strange).unwrap_or(0);
        let error = format!("buyer handle {} is not in the forest", self.buyers[row].get());
        Err(Error::new(Code::UnknownMember, error).at(row))
    }

    /// Checks what a batch says beside its rows: the tenant whose keys its rows will have, and that the plan
    /// can mean every component. A name nobody reads is a mistyped one.
    ///
    /// # Errors
    /// [`Code::InvalidSale`], [`Code::Column`].
    pub fn check_names(&self, plan: &Plan, tenant: &str) -> Result<()> {
        check_tenant(tenant).map_err(|rule| Error::new(Code::InvalidSale, format!("batch: {rule}")))?;
        // Asking the plan costs more than settling one order; nearly all batches need not.
        if self.components.iter().all(|(name, _)| COMPONENTS.contains(name)) {
            return Ok(());
        }
        let read = plan.names();
        let known = |name: &str| COMPONENTS.contains(&name) || read.contains(name);
        if let Some((name, _)) = self.components.iter().find(|(name, _)| !known(name)) {
            let known: BTreeSet<&str> = read.into_iter().chain(COMPONENTS).collect();
            let known = known.into_iter().collect::<Vec<_>>().join(", ");
            let error = format!("batch: unknown component `{name}`; known to the plan: {known}");
            return Err(Error::new(Code::Column, error));
        }
        Ok(())
    }

    fn check_values(&self) -> Result<()> {
        for (name, column) in self.components {
            // One pass without an early exit: the sign bits of all values, or-ed together.
            if column.iter().fold(0, |bits, minor| bits | *minor) < 0 {
                let row = column.iter().position(|minor| *minor < 0).unwrap_or(0);
                let error = format!("order {}: {name} is {}, below zero", self.order_id(row), column[row]);
                return Err(Error::new(Code::InvalidSale, error).at(row));
            }
        }
        if let Some(row) = self.units.and_then(|units| units.iter().position(|units| *units == 0)) {
            let error = format!("order {}: 0 units; a line has at least one", self.order_id(row));
            return Err(Error::new(Code::InvalidSale, error).at(row));
        }
        if let Some((column, table)) = self.overrides {
            let outside = |index: &u32| usize::try_from(*index).is_ok_and(|index| index > table.len());
            if let Some(row) = column.iter().position(outside) {
                let error = format!("override {} of {} in the table", column[row], table.len());
                return Err(Error::new(Code::InvalidValue, error).at(row));
            }
        }
        Ok(())
    }

    /// Every order stands once; with line ids, its rows stand together and its lines once.
    fn check_ids(&self) -> Result<()> {
        let columns = [("order", self.ids), ("line", self.lines)];
        for (what, ids) in columns.into_iter().filter_map(|(what, ids)| Some((what, ids?))) {
            if let Some(row) = ids.iter().position(|id| *id == 0 || i64::try_from(*id).is_err()) {
                let error = format!("{what} id {}; an id is above 0 and below 2^63", ids[row]);
                return Err(Error::new(Code::InvalidId, error).at(row));
            }
        }
        let Some(ids) = self.ids else { return Ok(()) };
        if self.lines.is_none() && ids.windows(2).all(|pair| pair[0] < pair[1]) {
            return Ok(());
        }
        let mut seen = HashSet::with_capacity(ids.len());
        let mut line_ids = HashSet::new();
        for (row, id) in ids.iter().enumerate() {
            let same = self.lines.is_some() && row > 0 && ids[row - 1] == *id;
            if !same {
                line_ids.clear();
                if !seen.insert(*id) {
                    let error = format!("order {id} stands twice in the batch");
                    return Err(Error::new(Code::DuplicateOrder, error).at(row));
                }
            }
            if let Some(line) = self.lines.map(|lines| lines[row]).filter(|line| !line_ids.insert(*line)) {
                let error = format!("line {line} of order {id} stands twice in the batch");
                return Err(Error::new(Code::DuplicateOrder, error).at(row));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_every_row_and_cut_no_order() {
        let buyers = [MemberIx::new(1); 10];
        let ids = [1, 1, 1, 2, 3, 3, 3, 3, 3, 4];
        let lines = [1, 2, 3, 1, 1, 2, 3, 4, 5, 1];
        let plain = Orders::new(&buyers, &[]);
        assert_eq!(plain.split(3), [0..3, 3..6, 6..10]);
        assert_eq!(plain.split(2), [0..5, 5..10]);
        assert_eq!(plain.split(99).len(), 10);
        let lined = Orders { ids: Some(&ids), lines: Some(&lines), ..plain };
        assert_eq!(lined.split(4), [0..3, 3..9, 9..10]);
        assert!(Orders::new(&[], &[]).split(4).is_empty());
    }
}
