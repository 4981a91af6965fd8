//! The members file: who invited whom, from when on, and what is known of them.

use super::facts::{FactColumns, Names};
use super::moments::Moment;
use super::{Clock, Row, Sheet};
use fenrun::doc::Node;
use fenrun::id::{ExternalId, MemberId};
use fenrun::reward::referral::{Column, Forest, MemberIx};
use fenrun::sale::{Facts, Person};
use fenrun::time::Timestamp;
use fenrun::{Code, Error, Result};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// What is known of a member for some time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Profile {
    rank: Option<String>,
    facts: Facts,
}

/// Every member, under the text id of the file and the dense number it stands for.
pub(crate) struct Members {
    path: String,
    names: Vec<MemberId>,
    numbers: HashMap<MemberId, u64>,
    forest: Forest,
    /// Each distinct profile once.
    profiles: Vec<Profile>,
    /// The profiles of each member by the moment they begin, oldest first.
    standings: Vec<Vec<(Timestamp, usize)>>,
    /// Whether the forest knows every rank and fact, the same at all times.
    in_forest: bool,
}

/// One row of the file.
struct Entry {
    line: u64,
    member: u64,
    inviter: Option<MemberId>,
    from: Option<Timestamp>,
    profile: Profile,
}

/// Where the columns are.
struct Layout {
    member: usize,
    inviter: usize,
    rank: Option<usize>,
    valid_from: Option<usize>,
    facts: FactColumns,
}

const BEGINNING: Timestamp = Timestamp::from_ms(i64::MIN);

impl Members {
    /// Reads the file.
    ///
    /// # Errors
    /// Names file and line: a member that stands twice, an unknown inviter, a cycle, an unknown rank.
    pub(crate) fn read(path: &Path, names: &Names, clock: &Clock) -> Result<Self> {
        let (mut sheet, mut header) = Sheet::open(path)?;
        let layout = Layout {
            member: header.need("member")?,
            inviter: header.need("inviter")?,
            rank: header.take("rank"),
            valid_from: header.take("valid_from"),
            facts: names.columns(&mut header, str::to_owned),
        };
        header.finish()?;
        let mut members = Self {
            path: sheet.path().to_owned(),
            names: Vec::new(),
            numbers: HashMap::new(),
            forest: Forest::new(),
            profiles: Vec::new(),
            standings: Vec::new(),
            in_forest: false,
        };
        let mut entries = Vec::new();
        while let Some(row) = sheet.next()? {
            entries.push(members.entry(row, &layout, names, clock)?);
        }
        members.build(entries, sheet.path())?;
        members.fill_columns(names.ranks(), &layout.facts)?;
        Ok(members)
    }

    fn entry(&mut self, row: Row<'_>, layout: &Layout, names: &Names, clock: &Clock) -> Result<Entry> {
        let id = id(row, layout.member)?.ok_or_else(|| row.fault("the member is nobody"))?;
        let next = u64::try_from(self.names.len() + 1).unwrap_or(u64::MAX);
        let member = *self.numbers.entry(id.clone()).or_insert(next);
        if member == next {
            self.names.push(id);
        }
        let from = match row.cell(layout.valid_from) {
            "" => None,
            text => Some(clock.read(text).map_err(|rule| row.fault(rule))?),
        };
        let profile =
            Profile { rank: names.rank(row, layout.rank)?, facts: names.facts(row, &layout.facts)? };
        Ok(Entry { line: row.line, member, inviter: self::id(row, layout.inviter)?, from, profile })
    }

    /// Puts all rows into the forest: what always held first, then changes in the order of their dates.
    fn build(&mut self, mut entries: Vec<Entry>, path: &str) -> Result<()> {
        entries.sort_by_key(|entry| (entry.from, entry.line));
        let dated = entries.partition_point(|entry| entry.from.is_none());
        self.check_twice(path, &entries)?;
        let mut inviters = vec![0; self.names.len()];
        for entry in &entries[..dated] {
            inviters[place(entry.member)] = self.inviter(path, entry)?;
        }
        let numbers: Vec<u64> = (1..).take(self.names.len()).collect();
        self.forest = Forest::from_edges(&numbers, &inviters).map_err(|error| {
            let at = error.index().unwrap_or(0);
            let entry = entries[..dated].iter().find(|entry| place(entry.member) == at);
            entry.map_or_else(
                || error.clone(),
                |entry| self.fault(path, entry, error.code(), edge_rule(error.code())),
            )
        })?;
        self.standings = vec![Vec::new(); self.names.len()];
        let mut known = HashMap::new();
        for moment in entries[dated..].chunk_by(|one, next| one.from == next.from) {
            self.moment(path, moment)?;
        }
        for entry in entries {
            let profile = *known.entry(entry.profile.clone()).or_insert_with(|| {
                self.profiles.push(entry.profile);
                self.profiles.len() - 1
            });
            let standing = &mut self.standings[place(entry.member)];
            if standing.last().is_none_or(|(_, current)| *current != profile) {
                standing.push((entry.from.unwrap_or(BEGINNING), profile));
            }
        }
        Ok(())
    }

    /// A member has one row for always, and one for each moment something changes.
    fn check_twice(&self, path: &str, entries: &[Entry]) -> Result<()> {
        let mut seen = HashMap::new();
        for entry in entries {
            if let Some(line) = seen.insert((entry.member, entry.from), entry.line) {
                let rule =
                    format!("stands in line {line} too; a history needs another `valid_from` in each row");
                return Err(self.fault(path, entry, Code::DuplicateMember, &rule));
            }
        }
        Ok(())
    }

    /// The rows of one date, which stand in any order.
    fn moment(&mut self, path: &str, entries: &[Entry]) -> Result<()> {
        let inviters = entries.iter().map(|entry| self.inviter(path, entry)).collect::<Result<Vec<u64>>>()?;
        if let ([entry], [inviter]) = (entries, inviters.as_slice()) {
            return self.change(path, entry, *inviter);
        }
        let moves: Vec<(u64, u64)> = entries.iter().map(|entry| entry.member).zip(inviters).collect();
        let Moment { order, cycles } = Moment::of(&moves, |member| self.parent(member));
        let closing =
            entries.iter().rfind(|entry| cycles.first().is_some_and(|cycle| cycle.contains(&entry.member)));
        if let Some(entry) = closing {
            let own = moves.contains(&(entry.member, entry.member));
            let code = if own { Code::SelfReferral } else { Code::Cycle };
            return Err(self.fault(path, entry, code, edge_rule(code)));
        }
        order.into_iter().try_for_each(|at| self.change(path, &entries[at], moves[at].1))
    }

    /// The number of who is above a member.
    fn parent(&self, member: u64) -> u64 {
        self.forest.find(member).map_or(0, |ix| self.forest.id(self.forest.parent(ix, None)))
    }

    /// A row with a date: the inviter may be another one from then on.
    fn change(&mut self, path: &str, entry: &Entry, inviter: u64) -> Result<()> {
        let current = self.parent(entry.member);
        if inviter == current {
            return Ok(());
        }
        if inviter == 0 {
            let rule = "has an inviter, who can be replaced but not taken away";
            return Err(self.fault(path, entry, Code::AlreadyBound, rule));
        }
        self.forest
            .rebind(entry.member, inviter, entry.from)
            .map_err(|error| self.fault(path, entry, error.code(), edge_rule(error.code())))
    }

    fn inviter(&self, path: &str, entry: &Entry) -> Result<u64> {
        let Some(inviter) = &entry.inviter else { return Ok(0) };
        self.numbers.get(inviter).copied().ok_or_else(|| {
            let rule = format!("has the inviter {inviter}, who is not in the file");
            self.fault(path, entry, Code::UnknownMember, &rule)
        })
    }

    fn fault(&self, path: &str, entry: &Entry, code: Code, rule: &str) -> Error {
        let member = &self.names[place(entry.member)];
        Error::new(code, format!("{path}:{}: member {member} {rule}", entry.line))
    }

    /// Gives ranks and facts to the forest, where they never change and everybody states them in one type.
    fn fill_columns(&mut self, ranks: &[String], facts: &FactColumns) -> Result<()> {
        if self.standings.iter().any(|standing| standing.len() != 1 || standing[0].0 != BEGINNING) {
            return Ok(());
        }
        let order: Vec<usize> = (1..=self.names.len())
            .map(|number| self.forest.id(MemberIx::new(u32::try_from(number).unwrap_or(0))))
            .map(|member| self.standings[place(member)][0].1)
            .collect();
        for (name, _) in facts {
            let values: Option<Vec<&Node>> =
                order.iter().map(|profile| self.profiles[*profile].facts.get(name)).collect();
            let Some(column) = values.and_then(|values| column(&values)) else { return Ok(()) };
            self.forest.set_fact(name, column)?;
        }
        let code = |profile: &usize| {
            let rank = self.profiles[*profile].rank.as_deref()?;
            let at = ranks.iter().position(|known| known == rank)?;
            u8::try_from(at + 1).ok()
        };
        let codes = order.iter().map(|profile| code(profile).unwrap_or(0)).collect();
        self.forest.set_ranks(ranks, codes)?;
        self.in_forest = true;
        Ok(())
    }

    /// The forest with every rank and fact in it, where it can hold them.
    pub(crate) fn forest(&self) -> Option<&Forest> {
        self.in_forest.then_some(&self.forest)
    }

    /// Whether an inviter changes with time, or a rank or fact does.
    pub(crate) fn is_dated(&self) -> bool {
        self.forest.is_dated()
            || self.standings.iter().any(|standing| standing.iter().any(|(from, _)| *from != BEGINNING))
    }

    /// The member with this id.
    pub(crate) fn find(&self, id: &MemberId) -> Option<MemberIx> {
        self.numbers.get(id).and_then(|number| self.forest.find(*number))
    }

    /// The id of a member.
    pub(crate) fn name(&self, member: MemberIx) -> &str {
        self.names[place(self.forest.id(member))].as_str()
    }

    /// A member as they stood at a moment, or as they stand now.
    pub(crate) fn person(&self, member: MemberIx, at: Option<Timestamp>) -> Person {
        let number = place(self.forest.id(member));
        let standing = &self.standings[number];
        let until = at.map_or(standing.len(), |at| standing.partition_point(|(from, _)| *from <= at));
        let profile = until.checked_sub(1).map(|last| &self.profiles[standing[last].1]);
        let Profile { rank, facts } = profile.cloned().unwrap_or_default();
        Person { id: self.names[number].clone(), rank, facts }
    }

    /// What is wrong with asking a member at a moment before their first row, if it is.
    pub(crate) fn later(&self, id: &MemberId, at: Timestamp) -> Option<String> {
        let number = self.numbers.get(id)?;
        let (first, _) = self.standings[place(*number)].first()?;
        (*first > at).then(|| format!("{} has no row of {id} before {first}", self.path))
    }

    /// The upline of a member at a moment, or now.
    pub(crate) fn upline(&self, member: MemberIx, at: Option<Timestamp>, limit: usize) -> Vec<Person> {
        self.forest.upline(member, at).take(limit).map(|stop| self.person(stop, at)).collect()
    }
}

/// The rule an edge breaks, in words without the forest's own numbers.
const fn edge_rule(code: Code) -> &'static str {
    match code {
        Code::Cycle => "stands on a cycle: their inviter is invited, directly or not, by this very member",
        Code::SelfReferral => "is named as their own inviter",
        _ => "cannot be put into the forest",
    }
}

/// The place of a number that starts at 1.
fn place(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX).saturating_sub(1)
}

/// The member in a cell; an empty one and 0 are nobody.
pub(super) fn id(row: Row<'_>, column: usize) -> Result<Option<MemberId>> {
    let text = Node::from(row.cell(Some(column)));
    ExternalId::from_node(&text).map(|id| id.map(MemberId::from)).map_err(|error| row.place(error))
}

/// A column of values that all have one type.
fn column(values: &[&Node]) -> Option<Column> {
    let flags = values.iter().map(|value| if let Node::Bool(flag) = value { Some(*flag) } else { None });
    if let Some(flags) = flags.collect() {
        return Some(Column::Flag(flags));
    }
    let ints = values.iter().map(|value| if let Node::Int(int) = value { Some(*int) } else { None });
    if let Some(ints) = ints.collect() {
        return Some(Column::Int(ints));
    }
    let mut words = BTreeMap::new();
    let mut codes = Vec::with_capacity(values.len());
    for value in values {
        let next = u32::try_from(words.len()).ok()?;
        codes.push(*words.entry(value.as_text()?).or_insert(next));
    }
    let mut listed = vec![String::new(); words.len()];
    for (word, code) in words {
        word.clone_into(&mut listed[usize::try_from(code).ok()?]);
    }
    Some(Column::Text { codes, words: listed })
}
