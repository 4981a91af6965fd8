//! Memory of the rows of large batches, kept for the batches after.
//!
//! The kernel clears new pages before it hands them out, which costs as much as settling into them. So the
//! arrays of rows lie in buffers that are used again once no array of the host lies in them any more.

use crate::batch::empty;
use numpy::{Element, PyArray1, PyUntypedArrayMethods, dtype};
use pyo3::prelude::*;
use pyo3::types::PySlice;
use std::sync::{Mutex, MutexGuard, TryLockError};

/// Smaller arrays are numpy's own business.
const FROM_BYTES: usize = 1 << 20;

/// So much is kept at most.
const KEPT_BYTES: usize = 128 << 20;

static BUFFERS: Mutex<Vec<Buffer>> = Mutex::new(Vec::new());

/// An array of any content, in memory that was used before if there is some.
pub(crate) fn array<T: Element>(py: Python<'_>, len: usize) -> PyResult<Bound<'_, PyArray1<T>>> {
    let bytes = len.saturating_mul(size_of::<T>());
    if !(FROM_BYTES..=KEPT_BYTES).contains(&bytes) {
        return empty(py, len);
    }
    let buffer = buffer(py, bytes)?;
    let part = buffer.get_item(PySlice::new(py, 0, isize::try_from(bytes)?, 1))?;
    Ok(part.call_method1("view", (dtype::<T>(py),))?.cast_into()?)
}

type Buffer = Py<PyArray1<u8>>;

/// A buffer of at least so many bytes in which no array lies.
fn buffer(py: Python<'_>, bytes: usize) -> PyResult<Bound<'_, PyArray1<u8>>> {
    let Some(mut buffers) = lock() else { return empty(py, bytes) };
    let size = |buffer: &Buffer| buffer.bind(py).len();
    let free = free(py, &buffers)?;
    let fits = |(buffer, free): &(&Buffer, &bool)| **free && (bytes..=bytes * 2).contains(&size(buffer));
    if let Some((found, _)) = buffers.iter().zip(&free).filter(fits).min_by_key(|(buffer, _)| size(buffer)) {
        return Ok(found.bind(py).clone());
    }
    let new = empty::<u8>(py, bytes)?;
    let mut total: usize = buffers.iter().map(size).sum();
    let mut free = free.into_iter();
    buffers.retain(|buffer| {
        let goes = free.next() == Some(true) && total + bytes > KEPT_BYTES;
        if goes {
            total -= size(buffer);
        }
        !goes
    });
    if total + bytes <= KEPT_BYTES {
        buffers.push(new.clone().unbind());
    }
    Ok(new)
}

/// Which buffers nobody but we hold: an array that lies in one holds it too. What Python counts for an object of
/// ours alone is asked, as the question may be a reference itself.
fn free(py: Python<'_>, buffers: &[Buffer]) -> PyResult<Vec<bool>> {
    let sys = py.import("sys")?;
    // Without the lock of the interpreter a count is no proof: others may be about to take a view.
    if sys
        .getattr("_is_gil_enabled")
        .is_ok_and(|asks| !asks.call0().is_ok_and(|held| held.is_truthy().unwrap_or(false)))
    {
        return Ok(vec![false; buffers.len()]);
    }
    let count = sys.getattr("getrefcount")?;
    let references = |buffer: &Buffer| count.call1((buffer,))?.extract::<usize>();
    let alone = references(&empty(py, 1)?.unbind())?;
    buffers.iter().map(|buffer| Ok(references(buffer)? <= alone)).collect()
}

/// Not where another thread is at it: then this batch gets new memory.
fn lock() -> Option<MutexGuard<'static, Vec<Buffer>>> {
    match BUFFERS.try_lock() {
        Ok(buffers) => Some(buffers),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}
