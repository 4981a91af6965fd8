//! Teams of a forest.

use crate::forest::Forest;
use crate::node;
use fenrun::reward::referral::{MemberIx, ReadIndex};
use pyo3::prelude::*;
use pyo3::types::PyList;

/// Who stands below whom.
#[pyclass(frozen, module = "fenrun._fenrun")]
pub(crate) struct Teams {
    forest: Py<Forest>,
    index: ReadIndex,
}

#[pymethods]
impl Teams {
    #[new]
    fn new(py: Python<'_>, forest: Py<Forest>) -> Self {
        let read = &forest.get().forest;
        let index = py.detach(|| ReadIndex::of(read));
        Self { forest, index }
    }

    /// Whether one member stands above another one, however far; nobody is above themselves.
    fn is_above(&self, above: &Bound<'_, PyAny>, below: &Bound<'_, PyAny>) -> PyResult<bool> {
        let forest = self.forest.get();
        Ok(self.index.is_above(forest.find(above)?, forest.find(below)?))
    }

    /// How many steps below its root a member stands; 0 for a root.
    fn depth(&self, member: &Bound<'_, PyAny>) -> PyResult<u32> {
        Ok(self.index.depth(self.forest.get().find(member)?))
    }

    /// How many people stand below a member; all of them for `None`.
    fn size(&self, member: Option<&Bound<'_, PyAny>>) -> PyResult<usize> {
        Ok(self.index.team_size(self.anybody(member)?))
    }

    /// A page of the team of a member, each inviter before those they invited; of all members for `None`.
    #[pyo3(signature = (member, after=None, limit=None), text_signature = "($self, member, after=0, limit=50)")]
    fn page<'py>(
        &self,
        py: Python<'py>,
        member: Option<&Bound<'py, PyAny>>,
        after: Option<&Bound<'py, PyAny>>,
        limit: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let after = after.map_or(Ok(0), |after| node::count(after, "after", usize::MAX))?;
        let limit = limit.map_or(Ok(50), |limit| node::count(limit, "limit", usize::MAX))?;
        let page = self.index.page(self.anybody(member)?, after, limit);
        self.ids(py, page.iter().copied())
    }

    /// Who stands directly below a member, in join order; who has no inviter for `None`.
    fn below<'py>(
        &self,
        py: Python<'py>,
        member: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyList>> {
        self.ids(py, self.index.directly_below(self.anybody(member)?))
    }

    /// How many people stand one, two, three … steps below a member.
    fn generations(&self, member: Option<&Bound<'_, PyAny>>) -> PyResult<Vec<u64>> {
        Ok(self.index.generations(self.anybody(member)?))
    }

    fn __reduce__<'py>(slf: &Bound<'py, Self>) -> (Bound<'py, PyAny>, (Py<Forest>,)) {
        let py = slf.py();
        (slf.get_type().into_any(), (slf.get().forest.clone_ref(py),))
    }
}

impl Teams {
    fn anybody(&self, member: Option<&Bound<'_, PyAny>>) -> PyResult<MemberIx> {
        member.map_or(Ok(MemberIx::NOBODY), |member| self.forest.get().find(member))
    }

    fn ids<'py>(
        &self,
        py: Python<'py>,
        members: impl Iterator<Item = MemberIx>,
    ) -> PyResult<Bound<'py, PyList>> {
        let ids = PyList::empty(py);
        for ix in members {
            ids.append(self.forest.get().id(py, ix)?)?;
        }
        Ok(ids)
    }
}
