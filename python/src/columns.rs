//! The rows of a batch in the types they leave in.

use fenrun::reward::batch::{Origin, RowBlock, Rows, move_origins};
use fenrun::reward::referral::{Forest, MemberIx};
use fenrun_capi::side_by_side;
use fenrun_mem::{Streams, Window as Streamed};
use std::io;

/// One column a field, all of the same length.
#[derive(Default)]
pub(crate) struct RowColumns {
    pub(crate) sources: Vec<u32>,
    pub(crate) payees: Vec<i64>,
    pub(crate) rules: Vec<u8>,
    pub(crate) levels: Vec<u16>,
    pub(crate) amounts: Vec<i64>,
    /// Empty where no rule splits its amounts.
    pub(crate) accounts: Vec<u16>,
    /// Whose amount the rule runs after, 0 for a rule of the sale itself; empty where there is no other.
    pub(crate) after: Vec<i64>,
    /// The place of that amount in the table, from 1, or 0; empty where `after` is.
    pub(crate) origins: Vec<u32>,
    /// The amounts that rules ran after.
    pub(crate) table: Vec<Origin>,
}

impl RowColumns {
    /// The columns of the parts of a batch, each with the input row it started at. They are written
    /// side by side.
    pub(crate) fn new(forest: &Forest, parts: &[(u32, Rows)]) -> Self {
        let rows = parts.iter().map(|(_, rows)| rows.len()).sum();
        let mut columns = Self {
            sources: vec![0; rows],
            payees: vec![0; rows],
            rules: vec![0; rows],
            levels: vec![0; rows],
            amounts: vec![0; rows],
            accounts: parts.iter().flat_map(|(_, rows)| rows.accounts()).copied().collect(),
            after: parts.iter().flat_map(|(_, rows)| after(forest, rows)).collect(),
            ..Self::default()
        };
        parts.iter().for_each(|(offset, rows)| columns.extend_origins(*offset, rows));
        let mut rest = Window {
            sources: &mut columns.sources,
            payees: &mut columns.payees,
            rules: &mut columns.rules,
            levels: &mut columns.levels,
            amounts: &mut columns.amounts,
        };
        let mut windows = Vec::with_capacity(parts.len());
        for (offset, rows) in parts {
            let (window, behind) = rest.split(rows.len());
            rest = behind;
            windows.push((window, *offset, rows));
        }
        side_by_side(windows, |(window, offset, rows)| window.fill(forest, offset, rows.as_block()));
        columns
    }

    /// The amounts that the rules of a part ran after, behind those of the parts before.
    fn extend_origins(&mut self, offset: u32, rows: &Rows) {
        let (known, first) = (self.table.len(), self.origins.len());
        self.origins.extend_from_slice(rows.origins());
        let moved = |origin: &Origin| Origin { source: origin.source + offset, ..*origin };
        self.table.extend(rows.table().iter().map(moved));
        let by = u32::try_from(known).unwrap_or(u32::MAX);
        move_origins(by, &mut self.origins[first..], &mut self.table[known..]);
    }
}

/// The place of some rows in the columns.
#[derive(Default)]
pub(crate) struct Window<'a> {
    pub(crate) sources: &'a mut [u32],
    pub(crate) payees: &'a mut [i64],
    pub(crate) rules: &'a mut [u8],
    pub(crate) levels: &'a mut [u16],
    pub(crate) amounts: &'a mut [i64],
}

impl Window<'_> {
    /// The first rows and the others.
    pub(crate) fn split(self, rows: usize) -> (Self, Self) {
        let (sources, later_sources) = self.sources.split_at_mut(rows);
        let (payees, later_payees) = self.payees.split_at_mut(rows);
        let (rules, later_rules) = self.rules.split_at_mut(rows);
        let (levels, later_levels) = self.levels.split_at_mut(rows);
        let (amounts, later_amounts) = self.amounts.split_at_mut(rows);
        let later = Self {
            sources: later_sources,
            payees: later_payees,
            rules: later_rules,
            levels: later_levels,
            amounts: later_amounts,
        };
        (Self { sources, payees, rules, levels, amounts }, later)
    }

    /// Writes rows, as many as there is place for.
    pub(crate) fn fill(self, forest: &Forest, offset: u32, rows: RowBlock<'_>) {
        for (to, from) in self.sources.iter_mut().zip(rows.sources) {
            *to = from + offset;
        }
        let payees = self.payees.iter_mut().zip(rows.payees);
        if forest.ids_are_handles() {
            payees.for_each(|(to, from)| *to = i64::from(*from));
        } else {
            payees.for_each(|(to, from)| *to = id(forest, *from));
        }
        for ((to_rule, to_level), slot) in self.rules.iter_mut().zip(self.levels).zip(rows.slots) {
            (*to_rule, *to_level) = (rule(*slot), level(*slot));
        }
        self.amounts.copy_from_slice(rows.amounts);
    }
}

/// Rows on their way into columns that have room for them.
pub(crate) struct Writer<'s, 'data> {
    sources: Streamed<'s, 'data, u32>,
    payees: Streamed<'s, 'data, i64>,
    rules: Streamed<'s, 'data, u8>,
    levels: Streamed<'s, 'data, u16>,
    amounts: Streamed<'s, 'data, i64>,
    /// A block in the types it leaves in.
    block: (Vec<i64>, Vec<u8>, Vec<u16>),
}

impl<'s, 'data> Writer<'s, 'data> {
    pub(crate) fn new(streams: &'s Streams<'data>, place: Window<'data>) -> Self {
        Self {
            sources: streams.slice(place.sources),
            payees: streams.slice(place.payees),
            rules: streams.slice(place.rules),
            levels: streams.slice(place.levels),
            amounts: streams.slice(place.amounts),
            block: <_>::default(),
        }
    }

    /// Writes rows.
    ///
    /// # Errors
    /// [`io::ErrorKind::WriteZero`] where there is no room for them.
    pub(crate) fn extend(&mut self, forest: &Forest, rows: RowBlock<'_>) -> io::Result<()> {
        let (payees, rules, levels) = &mut self.block;
        payees.clear();
        if forest.ids_are_handles() {
            payees.extend(rows.payees.iter().map(|payee| i64::from(*payee)));
        } else {
            payees.extend(rows.payees.iter().map(|payee| id(forest, *payee)));
        }
        rules.clear();
        rules.extend(rows.slots.iter().map(|slot| rule(*slot)));
        levels.clear();
        levels.extend(rows.slots.iter().map(|slot| level(*slot)));
        self.sources.extend_from_slice(rows.sources)?;
        self.payees.extend_from_slice(payees)?;
        self.rules.extend_from_slice(rules)?;
        self.levels.extend_from_slice(levels)?;
        self.amounts.extend_from_slice(rows.amounts)
    }

    /// How many rows there is room for.
    pub(crate) const fn room(&self) -> usize {
        self.amounts.room()
    }
}

/// Whose amount each row's rule runs after.
fn after(forest: &Forest, rows: &Rows) -> impl Iterator<Item = i64> {
    rows.origins().iter().map(|place| {
        let origin = usize::try_from(*place).ok().and_then(|place| rows.table().get(place.checked_sub(1)?));
        origin.map_or(0, |origin| id(forest, origin.payee))
    })
}

fn id(forest: &Forest, payee: u32) -> i64 {
    i64::try_from(forest.id(MemberIx::new(payee))).unwrap_or(i64::MAX)
}

/// The upper half of a slot; a plan has at most 256 rules.
const fn rule(slot: u32) -> u8 {
    slot.to_le_bytes()[2]
}

/// The lower half of a slot.
const fn level(slot: u32) -> u16 {
    let bytes = slot.to_le_bytes();
    u16::from_le_bytes([bytes[0], bytes[1]])
}
