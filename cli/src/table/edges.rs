//! A file of edges alone: who was invited by whom, read to the end whatever is wrong with it.

use super::members::id;
use super::{Clock, Sheet};
use fenrun::id::MemberId;
use fenrun::reward::referral::{EdgeFaults, Forest};
use fenrun::time::Timestamp;
use fenrun::{Error, Result};
use std::collections::HashMap;
use std::path::Path;

/// The rows of a file.
pub(crate) struct Edges {
    path: String,
    /// Each id once, in the order they are met.
    names: Vec<MemberId>,
    /// By row: who, by whom, from when, and the line.
    members: Vec<u64>,
    inviters: Vec<u64>,
    from: Vec<Option<Timestamp>>,
    lines: Vec<u64>,
}

/// The number an id is, if it is written as one.
fn as_number(name: &MemberId) -> Option<u64> {
    let number = name.as_str().parse::<u64>().ok()?;
    Some(number).filter(|number| i64::try_from(*number).is_ok() && number.to_string() == name.as_str())
}

impl Edges {
    /// Reads the columns `member`, `inviter` and, if it is there, `valid_from`. Others are left alone: a
    /// file of another system has many.
    ///
    /// # Errors
    /// Names file and line of a cell that cannot be read at all.
    pub(crate) fn read(path: &Path, clock: &Clock) -> Result<Self> {
        let (mut sheet, mut header) = Sheet::open(path)?;
        let (member, inviter) = (header.need("member")?, header.need("inviter")?);
        let valid_from = header.take("valid_from");
        let mut edges = Self {
            path: sheet.path().to_owned(),
            names: Vec::new(),
            members: Vec::new(),
            inviters: Vec::new(),
            from: Vec::new(),
            lines: Vec::new(),
        };
        let mut numbers = HashMap::new();
        while let Some(row) = sheet.next()? {
            let mut number = |column| -> Result<u64> {
                let Some(id) = id(row, column)? else { return Ok(0) };
                let next = u64::try_from(numbers.len() + 1).unwrap_or(u64::MAX);
                let number = *numbers.entry(id.clone()).or_insert(next);
                if number == next {
                    edges.names.push(id);
                }
                Ok(number)
            };
            let (member, inviter) = (number(member)?, number(inviter)?);
            edges.members.push(member);
            edges.inviters.push(inviter);
            edges.from.push(match row.cell(valid_from) {
                "" => None,
                text => Some(clock.read(text).map_err(|rule| row.fault(rule))?),
            });
            edges.lines.push(row.line);
        }
        Ok(edges)
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// The line of a row.
    pub(crate) fn line(&self, row: usize) -> u64 {
        self.lines[row]
    }

    /// The member of a row; nobody has no name.
    pub(crate) fn member(&self, row: usize) -> &str {
        self.name(self.members[row])
    }

    /// The inviter of a row.
    pub(crate) fn inviter(&self, row: usize) -> &str {
        self.name(self.inviters[row])
    }

    fn name(&self, number: u64) -> &str {
        let at = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        at.and_then(|at| self.names.get(at)).map_or("", MemberId::as_str)
    }

    /// All that keeps the rows from being a forest. A member may have a row for always and one for each date
    /// their inviter changes, so only rows without a date are looked at for second parents.
    pub(crate) fn faults(&self) -> EdgeFaults {
        let undated = self.undated();
        let pick = |column: &[u64]| undated.iter().map(|row| column[*row]).collect::<Vec<u64>>();
        let mut faults = EdgeFaults::of(&pick(&self.members), &pick(&self.inviters));
        let back = |row: &mut usize| *row = undated[*row];
        faults.cycles.iter_mut().flatten().for_each(back);
        faults.own_inviters.iter_mut().for_each(back);
        faults.invalid.iter_mut().for_each(back);
        for second in &mut faults.second_parents {
            back(&mut second.row);
            back(&mut second.first);
        }
        // An inviter whose own rows all have dates is somebody too.
        let known: std::collections::HashSet<u64> = self.members.iter().copied().collect();
        faults.orphans.iter_mut().for_each(back);
        faults.orphans.retain(|row| !known.contains(&self.inviters[*row]));
        faults
    }

    /// The forest of the rows: under the numbers of the file or, where one id is no whole number, under its
    /// texts.
    ///
    /// # Errors
    /// What the forest refuses, with file and line.
    pub(crate) fn forest(&self) -> Result<Forest> {
        let numbers: Option<Vec<u64>> = self.names.iter().map(as_number).collect();
        let texts = numbers.is_none();
        let counted = (1..).take(self.names.len());
        let ids: Vec<u64> = std::iter::once(0).chain(numbers.unwrap_or_else(|| counted.collect())).collect();
        let of = |number: u64| usize::try_from(number).map_or(0, |at| ids[at]);
        let undated = self.undated();
        let column = |column: &[u64]| undated.iter().map(|row| of(column[*row])).collect::<Vec<u64>>();
        let placed = |row: usize, error: &Error| {
            let (member, inviter) = (self.member(row), self.inviter(row));
            let rule = match texts {
                true => format!("member {member} below `{inviter}`: {}", error.code().name()),
                false => error.message().to_owned(),
            };
            Error::new(error.code(), format!("{}:{}: {rule}", self.path, self.line(row)))
        };
        let mut forest = Forest::from_edges(&column(&self.members), &column(&self.inviters))
            .map_err(|error| placed(error.index().map_or(0, |at| undated[at]), &error))?;
        let mut dated: Vec<usize> = (0..self.len()).filter(|row| self.from[*row].is_some()).collect();
        dated.sort_by_key(|row| (self.from[*row], *row));
        for row in dated {
            let (member, inviter) = (of(self.members[row]), of(self.inviters[row]));
            let inviter = Some(inviter).filter(|id| *id != 0);
            let from = self.from[row];
            let done = match (forest.find(member), inviter) {
                (None, inviter) => forest.join(member, inviter, from).map(drop),
                (Some(_), Some(inviter)) => forest.rebind(member, inviter, from),
                (Some(_), None) => forest.unbind(member, from),
            };
            done.map_err(|error| placed(row, &error))?;
        }
        if texts {
            let names: Vec<&str> = forest.members().map(|ix| self.name(forest.id(ix))).collect();
            forest.set_texts(names).map_err(|error| error.within(&self.path))?;
        }
        Ok(forest)
    }

    fn undated(&self) -> Vec<usize> {
        (0..self.len()).filter(|row| self.from[*row].is_none()).collect()
    }
}
