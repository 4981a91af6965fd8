//! Arrays on huge pages, and saved forests in mapped files.
//!
//! Random reads of arrays far above the second-level TLB spend half their time on address translation, and
//! fresh memory is handed out, and cleared, 4 KiB at a time. [`Pages`] and [`Column`] ask the kernel for
//! huge pages where an array is large enough for it to matter, and [`streamed`] writes long columns past the
//! caches; the batch kernels themselves take plain
//! slices and know nothing of this crate. On systems that refuse the advice the
//! array is an ordinary mapping. [`ForestFile`] keeps a forest on disk, where all workers of a host map the
//! same pages.

mod column;
mod forest_file;
mod kept;
mod lock;
mod mapped;
mod place;
mod stream;
mod streams;

pub use column::Column;
pub use forest_file::ForestFile;
pub use streams::{Growing, Streams, Window, streamed};

use kept::Kept;
use std::io;
use std::ops::Deref;

/// Arrays below this size stay on ordinary pages.
pub const HUGE_FROM_BYTES: usize = 2 << 20;

/// A fixed array of plain values, on huge pages when it is larger than [`HUGE_FROM_BYTES`].
///
/// ```
/// let pages = fenrun_mem::Pages::copy_of(&[1_u32, 2, 3])?;
/// assert_eq!(pages[..], [1, 2, 3]);
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Pages<T> {
    store: Store<T>,
    len: usize,
}

/// So many values need no allocation of their own in a column: what settles one order makes few rows.
const FEW: usize = 8;

/// Room for values, of some content.
#[derive(Debug)]
enum Store<T> {
    Few([T; FEW]),
    Small(Box<[T]>),
    Mapped(Kept),
}

impl<T: bytemuck::Pod> Store<T> {
    /// For at least so many values.
    fn with_room(len: usize) -> io::Result<Self> {
        let bytes = len.checked_mul(size_of::<T>()).ok_or(io::ErrorKind::OutOfMemory)?;
        if bytes < HUGE_FROM_BYTES {
            return Ok(Self::Small(vec![T::zeroed(); len].into()));
        }
        Kept::new(bytes).map(Self::Mapped)
    }

    // A mapping starts on a page, which aligns every plain type.

    fn values(&self) -> &[T] {
        match self {
            Self::Few(values) => values,
            Self::Small(values) => values,
            Self::Mapped(map) => bytemuck::cast_slice(&map[..whole::<T>(map)]),
        }
    }

    fn values_mut(&mut self) -> &mut [T] {
        match self {
            Self::Few(values) => values,
            Self::Small(values) => values,
            Self::Mapped(map) => {
                let whole = whole::<T>(map);
                bytemuck::cast_slice_mut(&mut map[..whole])
            }
        }
    }
}

/// The bytes that are whole values.
const fn whole<T>(map: &[u8]) -> usize {
    map.len() - map.len() % size_of::<T>()
}

impl<T: bytemuck::Pod> Pages<T> {
    /// Copies a slice.
    ///
    /// # Errors
    /// What the operating system says when there is no memory to map.
    pub fn copy_of(values: &[T]) -> io::Result<Self> {
        let mut store = Store::with_room(values.len())?;
        store.values_mut()[..values.len()].copy_from_slice(values);
        Ok(Self { store, len: values.len() })
    }

    /// Whether the values lie in a mapping of their own.
    #[must_use]
    pub const fn is_mapped(&self) -> bool {
        matches!(self.store, Store::Mapped(_))
    }
}

impl<T: bytemuck::Pod> Deref for Pages<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.store.values()[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_large_hold_the_same_values() {
        for len in [0, 1, 1000, HUGE_FROM_BYTES / 4 - 1, HUGE_FROM_BYTES / 4, HUGE_FROM_BYTES] {
            let values: Vec<u32> = (0..u32::try_from(len).unwrap()).collect();
            let pages = Pages::copy_of(&values).unwrap();
            assert_eq!(pages.is_mapped(), len * 4 >= HUGE_FROM_BYTES);
            assert_eq!(pages[..], values[..]);
        }
    }
}
