//! The referral forest, with integers or texts as ids.

use crate::batch::empty;
use crate::error::{OrRaise, exception};
use crate::node;
use fenrun::doc::Node;
use fenrun::id::{ExternalId, MemberId};
use fenrun::reward::batch::sum_up;
use fenrun::reward::referral::{self as core, Column, MemberIx, Stamp};
use fenrun::time::Timestamp;
use fenrun::{Code, Error, Result};
use fenrun_mem::ForestFile;
use numpy::{IntoPyArray, PyArray1, PyArrayMethods, PyReadonlyArray1};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyInt, PyList, PySlice, PyString};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Text ids by number: the forest itself counts 1, 2, 3 … in the order the texts were given.
#[pyclass(frozen, module = "fenrun._fenrun")]
pub(crate) struct Names {
    texts: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u64>,
}

#[pymethods]
impl Names {
    /// Numbers texts, each of which stands once.
    #[new]
    fn new(texts: &Bound<'_, PyList>, what: &str) -> PyResult<Self> {
        let py = texts.py();
        let mut names = Self { texts: Vec::with_capacity(texts.len()), numbers: HashMap::new() };
        for (at, text) in texts.iter().enumerate() {
            let text = text.cast::<PyString>()?;
            let text = node::text(text, format_args!("{what}, row {at}"))?;
            names.add(text).map_err(|error| error.within(what).at(at)).or_raise(py)?;
        }
        Ok(names)
    }

    /// The numbers of texts; an empty one is nobody, 0.
    fn numbers<'py>(&self, texts: &Bound<'py, PyList>, what: &str) -> PyResult<Bound<'py, PyArray1<u64>>> {
        let py = texts.py();
        let mut numbers = Vec::with_capacity(texts.len());
        for (at, text) in texts.iter().enumerate() {
            let text = text.cast::<PyString>()?;
            let number = match node::text(text, format_args!("{what}, row {at}"))? {
                "" | "0" => Some(0),
                text => self.numbers.get(text).copied(),
            };
            let number = number.ok_or_else(|| unknown(&text.to_string()).within(what).at(at)).or_raise(py)?;
            numbers.push(number);
        }
        Ok(numbers.into_pyarray(py))
    }

    /// The texts, in the order of their numbers.
    fn texts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, self.texts.iter().map(|text| &**text))
    }
}

impl Names {
    fn add(&mut self, text: &str) -> Result<()> {
        let text: Arc<str> = ExternalId::new(text)?.as_str().into();
        let number = u64::try_from(self.texts.len() + 1).unwrap_or(u64::MAX);
        if self.numbers.insert(Arc::clone(&text), number).is_some() {
            let error = format!("member {text} is in the forest already");
            return Err(Error::new(Code::DuplicateMember, error));
        }
        self.texts.push(text);
        Ok(())
    }

    /// The text id of a number that is written as an id.
    pub(crate) fn of_number(&self, number: &str) -> Option<MemberId> {
        MemberId::new(self.text(number.parse().ok()?)?).ok()
    }

    fn text(&self, number: u64) -> Option<&Arc<str>> {
        self.texts.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }
}

/// Refuses texts that are no ids, by their row.
#[pyfunction]
pub(crate) fn check_ids(texts: &Bound<'_, PyList>, what: &str) -> PyResult<()> {
    for (at, text) in texts.iter().enumerate() {
        let text = node::text(text.cast::<PyString>()?, format_args!("{what}, row {at}"))?;
        ExternalId::new(text).map_err(|error| error.within(what).at(at)).or_raise(texts.py())?;
    }
    Ok(())
}

/// Columns of members, inviters, milliseconds, and whether these count.
type History<'py> = (
    Bound<'py, PyArray1<u64>>,
    Bound<'py, PyArray1<u64>>,
    Bound<'py, PyArray1<i64>>,
    Bound<'py, PyArray1<bool>>,
);

/// From when on, in milliseconds, and who.
type Edge<'py> = (Option<i64>, Option<Bound<'py, PyAny>>);

/// Path, version, number and checksum of the save, bytes of the journal.
type Place = (PathBuf, u64, u32, u32, u64);

/// Who invited whom.
#[pyclass(frozen, subclass, module = "fenrun._fenrun")]
pub(crate) struct Forest {
    pub(crate) forest: core::Forest,
    /// Text ids the forest was made with; one that was opened holds its own.
    pub(crate) names: Option<Py<Names>>,
    /// The text ids of one that was opened, once they were asked for.
    opened_names: PyOnceLock<Py<Names>>,
    /// Where it was opened from.
    file: Option<ForestFile>,
}

#[pymethods]
impl Forest {
    #[new]
    #[pyo3(signature = (members, inviters, names, rank_names, ranks, facts, source=None))]
    #[allow(clippy::too_many_arguments, reason = "the columns of a forest, and the file it is in instead")]
    fn new(
        py: Python<'_>,
        members: PyReadonlyArray1<'_, u64>,
        inviters: PyReadonlyArray1<'_, u64>,
        names: Option<Py<Names>>,
        rank_names: Vec<Bound<'_, PyString>>,
        ranks: Option<PyReadonlyArray1<'_, u8>>,
        facts: &Bound<'_, PyDict>,
        source: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        if let Some(source) = source {
            if let Ok(other) = source.cast::<Self>() {
                let other = other.get();
                let names = other.names.as_ref().map(|names| names.clone_ref(py));
                return Ok(Self::of(other.forest.clone(), names, other.file.clone()));
            }
            let path: PathBuf = source.extract()?;
            let (forest, file) = py.detach(|| ForestFile::open(&path)).or_raise(py)?;
            return Ok(Self::of(forest, None, Some(file)));
        }
        let (members, inviters) = (members.as_slice()?, inviters.as_slice()?);
        let named = |error: Error| match &names {
            Some(names) => renamed(names.get(), error),
            None => error,
        };
        let forest = py.detach(|| core::Forest::from_edges(members, inviters)).map_err(named);
        let mut forest = forest.or_raise(py)?;
        let order = join_order(&forest, members);
        state(&mut forest, &order, &rank_names, ranks, facts)?;
        Ok(Self::of(forest, names, None))
    }

    /// The forest with other ranks and facts, in join order.
    fn stating(
        &self,
        py: Python<'_>,
        rank_names: Vec<Bound<'_, PyString>>,
        ranks: Option<PyReadonlyArray1<'_, u8>>,
        facts: &Bound<'_, PyDict>,
    ) -> PyResult<Self> {
        let mut forest = self.forest.clone();
        let order: Vec<usize> = (0..forest.len()).collect();
        state(&mut forest, &order, &rank_names, ranks, facts)?;
        let names = self.names.as_ref().map(|names| names.clone_ref(py));
        Ok(Self::of(forest, names, self.file.clone()))
    }

    /// Writes the forest as one file.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        let named = self.with_texts().or_raise(py)?;
        let forest = named.as_ref().unwrap_or(&self.forest);
        let save = || match &self.file {
            Some(file) if file.is_at(&path) => file.clone().save_again(forest),
            _ => ForestFile::save(forest, &path).map(drop),
        };
        py.detach(save).or_raise(py)
    }

    /// The forest with a change, which is in the journal of a forest that was opened.
    fn appended(&self, py: Python<'_>, change: &Bound<'_, PyAny>) -> PyResult<Self> {
        let change = node::read(change, "change", None)?;
        let mut forest = self.with_texts().or_raise(py)?.unwrap_or_else(|| self.forest.clone());
        let mut file = self.file.clone();
        let append = || {
            if let Some(file) = &mut file {
                // Its ids may have come into the journal since.
                file.catch_up(&mut forest)?;
            }
            let (change, from) = core::ForestChange::read(&forest, &change)?;
            match &mut file {
                Some(file) => file.append(&mut forest, &change, from),
                None => forest.apply(&change, from),
            }
        };
        py.detach(append).or_raise(py)?;
        Ok(Self::of(forest, None, file))
    }

    /// The forest with the changes that came into its journal since; nothing when there are none.
    fn caught_up(&self, py: Python<'_>) -> PyResult<Option<Self>> {
        let mut file = self.opened().or_raise(py)?.clone();
        let mut forest = self.forest.clone();
        let changed = py.detach(|| file.catch_up(&mut forest)).or_raise(py)?;
        Ok(changed.then(|| Self::of(forest, None, Some(file))))
    }

    /// Whether the forest was saved anew since it was opened.
    fn is_stale(&self, py: Python<'_>) -> PyResult<bool> {
        self.opened().and_then(ForestFile::is_stale).or_raise(py)
    }

    fn __len__(&self) -> usize {
        self.forest.len()
    }

    fn __contains__(&self, member: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(self.number(member)?.is_some_and(|number| self.forest.find(number).is_some()))
    }

    /// The inviter of a member, `None` for nobody.
    #[pyo3(signature = (member, at=None))]
    fn parent<'py>(
        &self,
        member: &Bound<'py, PyAny>,
        at: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let at = moment(at)?;
        self.person(member.py(), self.forest.parent(self.find_at(member, at)?, at))
    }

    /// The people above a member, nearest first.
    #[pyo3(signature = (member, at=None))]
    fn upline<'py>(
        &self,
        member: &Bound<'py, PyAny>,
        at: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let (upline, at) = (PyList::empty(member.py()), moment(at)?);
        for ix in self.forest.upline(self.find_at(member, at)?, at) {
            upline.append(self.id(member.py(), ix)?)?;
        }
        Ok(upline)
    }

    /// Every inviter a member had, oldest first: from when on, `None` for always, and who, `None` for nobody.
    fn history<'py>(&self, member: &Bound<'py, PyAny>) -> PyResult<Vec<Edge<'py>>> {
        let account = self.number(member)?.and_then(|number| self.forest.account(number));
        let ix = account.ok_or_else(|| exception(member.py(), &unknown(&member.to_string())))?;
        let edges = self.forest.history(ix).into_iter();
        edges.map(|(from, above)| Ok((from.map(Timestamp::ms), self.person(member.py(), above)?))).collect()
    }

    /// The rank of a member, `None` for no rank.
    fn rank(&self, member: &Bound<'_, PyAny>) -> PyResult<Option<&str>> {
        Ok(self.forest.rank(self.find(member)?))
    }

    /// The facts of a member.
    fn facts<'py>(&self, member: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
        let (py, ix) = (member.py(), self.find(member)?);
        let facts = PyDict::new(py);
        for (name, column) in self.forest.facts() {
            if let Some(value) = column.get(ix.index() - 1) {
                facts.set_item(name, node::write(py, &value)?)?;
            }
        }
        Ok(facts)
    }

    /// The numbers of all members and of their inviters, in join order.
    fn edges<'py>(&self, py: Python<'py>) -> (Bound<'py, PyArray1<u64>>, Bound<'py, PyArray1<u64>>) {
        let parents = &self.forest.parents()[1..];
        let members = (1..=parents.len()).map(|at| u32::try_from(at).unwrap_or(u32::MAX));
        let members: Vec<u64> = members.map(|at| self.forest.id(MemberIx::new(at))).collect();
        let inviters: Vec<u64> = parents.iter().map(|at| self.forest.id(MemberIx::new(*at))).collect();
        (members.into_pyarray(py), inviters.into_pyarray(py))
    }

    /// The names of the ranks, and the rank of each member in join order: 0 for none, else from 1.
    fn rank_columns<'py>(&self, py: Python<'py>) -> (Vec<String>, Bound<'py, PyArray1<u8>>) {
        let mut codes = self.forest.rank_codes().to_vec();
        // Who joined after the ranks were set has none.
        codes.resize(self.forest.len(), 0);
        (self.forest.rank_names().to_vec(), codes.into_pyarray(py))
    }

    /// Whether the account of each member, in join order, was closed or merged into another one.
    fn closed_column<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<bool>> {
        let closed: Vec<bool> = self.forest.members().map(|ix| self.forest.is_closed(ix)).collect();
        closed.into_pyarray(py)
    }

    /// Every inviter each member had: the numbers of both, from when on in milliseconds, and whether that is known.
    fn history_columns<'py>(&self, py: Python<'py>) -> History<'py> {
        let (mut members, mut inviters, mut since, mut dated) = (vec![], vec![], vec![], vec![]);
        for ix in self.forest.members() {
            for (from, inviter) in self.forest.history(ix) {
                members.push(self.forest.id(ix));
                inviters.push(self.forest.id(inviter));
                since.push(from.map_or(0, Timestamp::ms));
                dated.push(from.is_some());
            }
        }
        let (members, inviters) = (members.into_pyarray(py), inviters.into_pyarray(py));
        (members, inviters, since.into_pyarray(py), dated.into_pyarray(py))
    }

    /// What each member and everybody below them have together, both in join order.
    fn team_sums<'py>(
        &self,
        py: Python<'py>,
        own: PyReadonlyArray1<'py, i64>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (own, handles) = (own.as_slice()?, self.forest.parents().len());
        if own.len() + 1 != handles {
            let error = format!("own: {} volumes for {} members", own.len(), handles - 1);
            return Err(exception(py, &Error::new(Code::LengthMismatch, error)));
        }
        let sums = empty::<i64>(py, handles)?;
        {
            let mut sums = sums.readwrite();
            let sums = sums.as_slice_mut()?;
            let swept = py.detach(|| {
                sums[0] = 0;
                sums[1..].copy_from_slice(own);
                sum_up(self.forest.parents(), sums)
            });
            swept.or_raise(py)?;
        }
        // Nobody's place is left out.
        sums.get_item(PySlice::new(py, 1, isize::try_from(handles)?, 1))
    }

    /// The bytes `save` would write.
    fn image<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let named = self.with_texts().or_raise(py)?;
        let image = py.detach(|| named.as_ref().unwrap_or(&self.forest).to_image());
        Ok(PyBytes::new(py, &image))
    }

    /// Where a forest that was opened is, which save that was, and how much of its journal it holds.
    fn place(&self) -> Option<Place> {
        let file = self.file.as_ref()?;
        let stamp = file.stamp();
        Some((file.path().to_owned(), stamp.version, stamp.save, stamp.checksum, file.done()))
    }

    /// The forest in bytes that `image` gave, at the place that `place` gave.
    #[staticmethod]
    #[pyo3(signature = (image, place=None))]
    fn of_image(py: Python<'_>, image: &Bound<'_, PyBytes>, place: Option<Place>) -> PyResult<Self> {
        let bytes = image.as_bytes();
        let forest = py.detach(|| ForestFile::read(bytes)).or_raise(py)?;
        let file = place.map(|(path, version, save, checksum, done)| {
            ForestFile::resume(path, Stamp { version, save, checksum }, done)
        });
        Ok(Self::of(forest, None, file))
    }

    /// The text ids, `None` when ids are integers.
    #[getter]
    fn names(&self, py: Python<'_>) -> PyResult<Option<Py<Names>>> {
        if let Some(names) = &self.names {
            return Ok(Some(names.clone_ref(py)));
        }
        if !self.forest.has_texts() {
            return Ok(None);
        }
        self.opened_names.get_or_try_init(py, || self.read_names(py)).map(|names| Some(names.clone_ref(py)))
    }
}

impl Forest {
    const fn of(forest: core::Forest, names: Option<Py<Names>>, file: Option<ForestFile>) -> Self {
        Self { forest, names, opened_names: PyOnceLock::new(), file }
    }

    fn opened(&self) -> Result<&ForestFile> {
        self.file.as_ref().ok_or_else(|| {
            let rule = "the forest was not opened from a file";
            Error::new(Code::InvalidArgument, rule)
        })
    }

    fn read_names(&self, py: Python<'_>) -> PyResult<Py<Names>> {
        let mut names = Names { texts: Vec::with_capacity(self.forest.len()), numbers: HashMap::new() };
        for number in (1..).take(self.forest.len()) {
            let text = self.forest.account(number).and_then(|ix| self.forest.text(ix));
            names.add(text.unwrap_or_default()).or_raise(py)?;
        }
        Py::new(py, names)
    }

    /// The forest with its texts in itself, where Python keeps them beside it.
    fn with_texts(&self) -> Result<Option<core::Forest>> {
        let Some(names) = &self.names else { return Ok(None) };
        let mut forest = self.forest.clone();
        let texts =
            self.forest.members().map(|ix| names.get().text(self.forest.id(ix)).map_or("", |text| text));
        forest.set_texts(texts)?;
        Ok(Some(forest))
    }

    /// What the forest itself calls the account an id came with: an int and its text are the same id.
    fn number(&self, member: &Bound<'_, PyAny>) -> PyResult<Option<u64>> {
        let py = member.py();
        let id = ExternalId::from_node(&node::read(member, "member id", None)?).or_raise(py)?;
        Ok(id.and_then(|id| match &self.names {
            Some(names) => names.get().numbers.get(id.as_str()).copied(),
            None if self.forest.has_texts() => {
                self.forest.account_named(id.as_str()).ok().map(|ix| self.forest.id(ix))
            }
            None => id.as_number(),
        }))
    }

    pub(crate) fn find(&self, member: &Bound<'_, PyAny>) -> PyResult<MemberIx> {
        self.find_at(member, None)
    }

    /// The account that an id names now, or named at a moment.
    fn find_at(&self, member: &Bound<'_, PyAny>, at: Option<Timestamp>) -> PyResult<MemberIx> {
        let found = self.number(member)?.and_then(|number| match at {
            None => self.forest.find(number),
            Some(at) => self.forest.find_at(number, at),
        });
        found.ok_or_else(|| exception(member.py(), &unknown(&member.to_string())))
    }

    fn person<'py>(&self, py: Python<'py>, member: MemberIx) -> PyResult<Option<Bound<'py, PyAny>>> {
        (member != MemberIx::NOBODY).then(|| self.id(py, member)).transpose()
    }

    pub(crate) fn id<'py>(&self, py: Python<'py>, member: MemberIx) -> PyResult<Bound<'py, PyAny>> {
        if let Some(text) = self.forest.text(member) {
            return Ok(PyString::new(py, text).into_any());
        }
        let number = self.forest.id(member);
        match self.names.as_ref().and_then(|names| names.get().text(number)) {
            Some(text) => Ok(PyString::new(py, text).into_any()),
            None => Ok(PyInt::new(py, number).into_any()),
        }
    }
}

/// Milliseconds, or a datetime with a zone.
fn moment(at: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Timestamp>> {
    let Some(at) = at else { return Ok(None) };
    match node::read(at, "at", None)? {
        Node::Int(ms) => Ok(Some(Timestamp::from_ms(ms))),
        _ => Err(PyTypeError::new_err(format!(
            "at: a moment is an int of milliseconds since 1970 or a datetime with a zone, not {at}"
        ))),
    }
}

fn unknown(member: &str) -> Error {
    Error::new(Code::UnknownMember, format!("member {member} is not in the forest"))
}

/// An error of the forest in the words of the host: its text ids instead of their numbers.
fn renamed(names: &Names, error: Error) -> Error {
    let Some(at) = error.index() else { return error };
    let member = names.texts.get(at).map_or("?", |text| text);
    let text = match error.code() {
        Code::SelfReferral => format!("member {member} is named as their own upline"),
        Code::Cycle => format!("member {member} is their own upline: a cycle"),
        _ => return error,
    };
    Error::new(error.code(), text).at(at)
}

/// The place of each row in the join order of the forest.
fn join_order(forest: &core::Forest, members: &[u64]) -> Vec<usize> {
    let place = |id: &u64| forest.find(*id).map_or(0, |ix| ix.index() - 1);
    members.iter().map(place).collect()
}

fn in_join_order<T: Copy + Default>(values: &[T], order: &[usize], what: &str) -> Result<Vec<T>> {
    if values.len() != order.len() {
        let error = format!("column `{what}` has {} values for {} members", values.len(), order.len());
        return Err(Error::new(Code::LengthMismatch, error));
    }
    let mut sorted = vec![T::default(); order.len()];
    for (value, place) in values.iter().zip(order) {
        sorted[*place] = *value;
    }
    Ok(sorted)
}

/// Sets ranks and facts from rows in an order of their own.
fn state(
    forest: &mut core::Forest,
    order: &[usize],
    rank_names: &[Bound<'_, PyString>],
    ranks: Option<PyReadonlyArray1<'_, u8>>,
    facts: &Bound<'_, PyDict>,
) -> PyResult<()> {
    let py = facts.py();
    if let Some(ranks) = ranks {
        let codes = in_join_order(ranks.as_slice()?, order, "ranks").or_raise(py)?;
        forest.set_ranks(&words(rank_names, "ranks")?, codes).or_raise(py)?;
    }
    for (name, column) in facts {
        let name = name.cast::<PyString>()?;
        let name = node::text(name, "facts: a name")?;
        let column = read_column(&column, order, name)?;
        forest.set_fact(name, column).or_raise(py)?;
    }
    Ok(())
}

/// A fact: an array of bool or int64, or codes and words.
fn read_column(column: &Bound<'_, PyAny>, order: &[usize], name: &str) -> PyResult<Column> {
    let py = column.py();
    if let Ok(flags) = column.extract::<PyReadonlyArray1<'_, bool>>() {
        return in_join_order(flags.as_slice()?, order, name).map(Column::Flag).or_raise(py);
    }
    if let Ok(values) = column.extract::<PyReadonlyArray1<'_, i64>>() {
        return in_join_order(values.as_slice()?, order, name).map(Column::Int).or_raise(py);
    }
    let (codes, texts) = column.extract::<(PyReadonlyArray1<'_, u32>, Vec<Bound<'_, PyString>>)>()?;
    let codes = in_join_order(codes.as_slice()?, order, name).or_raise(py)?;
    Ok(Column::Text { codes, words: words(&texts, name)? })
}

fn words(texts: &[Bound<'_, PyString>], what: &str) -> PyResult<Vec<String>> {
    texts.iter().map(|text| node::text(text, what).map(str::to_owned)).collect()
}
