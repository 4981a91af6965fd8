//! A file of edges alone: who was invited by whom, read to the end whatever is wrong with it.

use super::members::id;
use super::moments::Moment;
use super::{Clock, Sheet};
use fenrun::id::{ExternalId, MemberId};
use fenrun::reward::referral::{EdgeFaults, Forest, SecondParent};
use fenrun::time::Timestamp;
use fenrun::{Error, Result};
use std::collections::{HashMap, HashSet};
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
    /// The names of other columns that state something.
    not_read: Vec<String>,
}

/// What the ids of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ids<'a> {
    Numbers,
    /// All are texts where one of them is: how many would be numbers, of how many, and the first that is none with
    /// its line.
    Texts {
        numbers: usize,
        all: usize,
        first: &'a str,
        line: u64,
    },
}

impl<'a> Ids<'a> {
    /// The word of a document.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Numbers => "numbers",
            Self::Texts { .. } => "texts",
        }
    }

    /// The first id that is no number, with its line, where most are: it may be a slip.
    pub(crate) fn stray(self) -> Option<(&'a str, u64)> {
        match self {
            Self::Texts { numbers, all, first, line } if numbers > all / 2 => Some((first, line)),
            _ => None,
        }
    }
}

fn as_number(name: &MemberId) -> Option<u64> {
    ExternalId::new(name.as_str()).ok()?.as_number()
}

impl Edges {
    /// Reads the columns `member`, `inviter` and, if it is there, `valid_from`. Others are left alone, and told: a
    /// file of another system has many.
    ///
    /// # Errors
    /// Names file and line of a cell that cannot be read at all.
    pub(crate) fn read(path: &Path, clock: &Clock) -> Result<Self> {
        let (mut sheet, mut header) = Sheet::open(path)?;
        let (member, inviter) = (header.need("member")?, header.need("inviter")?);
        let valid_from = header.take("valid_from");
        let mut others: Vec<(usize, String, bool)> =
            header.rest().into_iter().map(|(at, name)| (at, name, false)).collect();
        let mut edges = Self {
            path: sheet.path().to_owned(),
            names: Vec::new(),
            members: Vec::new(),
            inviters: Vec::new(),
            from: Vec::new(),
            lines: Vec::new(),
            not_read: Vec::new(),
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
            others.iter_mut().for_each(|(at, _, stated)| *stated |= !row.cell(Some(*at)).is_empty());
        }
        edges.not_read = others.into_iter().filter_map(|(_, name, stated)| stated.then_some(name)).collect();
        Ok(edges)
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    /// The other columns that state something: what a saved forest will not have of the file.
    pub(crate) fn not_read(&self) -> &[String] {
        &self.not_read
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
    /// their inviter changes: a second parent is who stands in two rows of one date, or in two without.
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
        let known: HashSet<u64> = self.members.iter().copied().collect();
        faults.orphans.iter_mut().for_each(back);
        faults.orphans.retain(|row| !known.contains(&self.inviters[*row]));
        let sound = self.faults_of_dated_rows(&known, &mut faults);
        self.cycles_of_dates(&sound, &mut faults);
        faults
    }

    /// What is wrong with each row that has a date; the others of them.
    fn faults_of_dated_rows(&self, known: &HashSet<u64>, faults: &mut EdgeFaults) -> Vec<usize> {
        let (mut sound, mut first) = (Vec::new(), HashMap::new());
        for row in self.dated() {
            let (member, inviter) = (self.members[row], self.inviters[row]);
            if member == 0 {
                faults.invalid.push(row);
                continue;
            }
            let stands = *first.entry((member, self.from[row])).or_insert(row);
            if stands != row {
                let same = self.inviters[stands] == inviter;
                faults.second_parents.push(SecondParent { row, first: stands, same });
            }
            if inviter == member {
                faults.own_inviters.push(row);
            } else if inviter != 0 && !known.contains(&inviter) {
                faults.orphans.push(row);
            } else if stands == row {
                sound.push(row);
            }
        }
        faults.own_inviters.sort_unstable();
        faults.orphans.sort_unstable();
        faults.invalid.sort_unstable();
        faults.second_parents.sort_unstable_by_key(|second| second.row);
        sound
    }

    /// The cycles that rows with dates close, each where it is closed first.
    fn cycles_of_dates(&self, dated: &[usize], faults: &mut EdgeFaults) {
        // The row that says who is above each member; none for nobody.
        let mut above: Vec<Option<usize>> = vec![None; self.names.len() + 1];
        let second = faults.second_parents.iter().map(|second| &second.row);
        let wrong = faults.cycles.iter().flatten().chain(&faults.own_inviters).chain(&faults.orphans);
        let wrong: HashSet<usize> = wrong.chain(&faults.invalid).chain(second).copied().collect();
        for row in self.undated().into_iter().filter(|row| !wrong.contains(row)) {
            above[place(self.members[row])] = Some(row);
        }
        for moment in dated.chunk_by(|one, next| self.from[*one] == self.from[*next]) {
            let (order, cycles) = {
                let parent = |member: u64| above[place(member)].map_or(0, |row| self.inviters[row]);
                self.moment(moment, parent)
            };
            order.into_iter().for_each(|row| above[place(self.members[row])] = Some(row));
            let moved = |row: &usize| (self.members[*row], *row);
            let moved: HashMap<u64, usize> =
                if cycles.is_empty() { HashMap::new() } else { moment.iter().map(moved).collect() };
            for cycle in cycles {
                let row = |member: &u64| moved.get(member).copied().or(above[place(*member)]);
                faults.cycles.push(cycle.iter().filter_map(row).collect());
                // Its moves are left out of what comes later.
                for member in cycle.iter().filter(|member| moved.contains_key(member)) {
                    above[place(*member)] = None;
                }
            }
        }
        for cycle in &mut faults.cycles {
            let first = (0..cycle.len()).min_by_key(|at| cycle[*at]).unwrap_or(0);
            cycle.rotate_left(first);
        }
        faults.cycles.sort_unstable();
    }

    /// Rows of one date in the order they are put into a forest, and the members of each cycle they close.
    fn moment(&self, rows: &[usize], parent: impl Fn(u64) -> u64) -> (Vec<usize>, Vec<Vec<u64>>) {
        let moves: Vec<(u64, u64)> =
            rows.iter().map(|row| (self.members[*row], self.inviters[*row])).collect();
        let Moment { order, cycles } = Moment::of(&moves, parent);
        (order.into_iter().map(|at| rows[at]).collect(), cycles)
    }

    /// Whether every id is a whole number, as it has to be for ids to be numbers, and how many are.
    pub(crate) fn kind_of_ids(&self) -> Ids<'_> {
        let texts: Vec<usize> =
            (0..self.names.len()).filter(|at| as_number(&self.names[*at]).is_none()).collect();
        let Some(at) = texts.first().copied() else { return Ids::Numbers };
        let number = u64::try_from(at + 1).unwrap_or(u64::MAX);
        let names = |row: &usize| [self.members[*row], self.inviters[*row]].contains(&number);
        let line = (0..self.len()).find(names).map_or(0, |row| self.line(row));
        let numbers = self.names.len() - texts.len();
        Ids::Texts { numbers, all: self.names.len(), first: self.names[at].as_str(), line }
    }

    /// The forest of rows without faults: under the numbers of the file or, where one id is no whole number, under
    /// its texts.
    ///
    /// # Errors
    /// What the forest refuses, with file and line.
    pub(crate) fn forest(&self) -> Result<Forest> {
        let numbers: Option<Vec<u64>> = self.names.iter().map(as_number).collect();
        let texts = numbers.is_none();
        let counted = (1..).take(self.names.len());
        let ids: Vec<u64> = std::iter::once(0).chain(numbers.unwrap_or_else(|| counted.collect())).collect();
        let of = |number: u64| ids[place(number)];
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
        let (members, mut inviters) = (column(&self.members), column(&self.inviters));
        // Those whose own rows all have dates come later.
        let known: HashSet<u64> = members.iter().copied().collect();
        let pairs = members.iter().zip(&mut inviters);
        let late = pairs.filter(|(_, inviter)| **inviter != 0 && !known.contains(*inviter));
        let late: Vec<(u64, u64)> =
            late.map(|(member, inviter)| (*member, std::mem::take(inviter))).collect();
        let mut forest = Forest::from_edges(&members, &inviters)
            .map_err(|error| placed(error.index().map_or(0, |at| undated[at]), &error))?;
        for (member, inviter) in late {
            if forest.find(inviter).is_none() {
                forest.join(inviter, None, None)?;
            }
            forest.rebind(member, inviter, None)?;
        }
        let numbers: HashMap<u64, u64> = ids.iter().copied().zip(0..).collect();
        for moment in self.dated().chunk_by(|one, next| self.from[*one] == self.from[*next]) {
            let parent = |member: u64| {
                let above = forest.find(of(member)).map_or(0, |ix| forest.id(forest.parent(ix, None)));
                numbers.get(&above).copied().unwrap_or(0)
            };
            let (order, _) = self.moment(moment, parent);
            for row in order {
                let (member, inviter) = (of(self.members[row]), of(self.inviters[row]));
                let from = self.from[row];
                let done = put(&mut forest, member, Some(inviter).filter(|id| *id != 0), from);
                done.map_err(|error| placed(row, &error))?;
            }
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

    /// The rows with a date, in the order of their dates.
    fn dated(&self) -> Vec<usize> {
        let mut dated: Vec<usize> = (0..self.len()).filter(|row| self.from[*row].is_some()).collect();
        dated.sort_by_key(|row| (self.from[*row], *row));
        dated
    }
}

/// Puts a member below another one from a date on. An inviter whose own rows are of later dates had none before.
fn put(forest: &mut Forest, member: u64, inviter: Option<u64>, from: Option<Timestamp>) -> Result<()> {
    if let Some(inviter) = inviter.filter(|id| forest.find(*id).is_none()) {
        forest.join(inviter, None, None)?;
    }
    match (forest.find(member), inviter) {
        (None, inviter) => forest.join(member, inviter, from).map(drop),
        (Some(_), Some(inviter)) => forest.rebind(member, inviter, from),
        (Some(_), None) => forest.unbind(member, from),
    }
}

/// The place of a number, that of nobody first.
fn place(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
