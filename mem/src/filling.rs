//! Appending a stream of values to a column.

use crate::{Column, stream};
use std::io;
use std::marker::PhantomData;
use std::mem::take;

/// From here on, values go to memory past the caches: what is smaller is better found in them.
const STREAM_FROM_BYTES: usize = 1 << 20;

/// A column while many values are appended to it that are not read in between.
///
/// The column has them once this value is dropped. Who forgets it (`std::mem::forget`) may lose the column's
/// values, never see half of them.
///
/// ```
/// let mut column = fenrun_mem::Column::with_capacity(4)?;
/// let mut filling = column.filling();
/// filling.extend_from_slice(&[1_u32, 2, 3])?;
/// filling.extend_from_slice(&[4, 5])?;
/// drop(filling);
/// assert_eq!(column[..], [1, 2, 3, 4, 5]);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Filling<'a, T: bytemuck::Pod> {
    column: &'a mut Column<T>,
    /// The column itself while streaming stores to it may be under way, so that nobody else can read it.
    away: Option<Column<T>>,
    /// Only the thread that stored can wait for its stores.
    here: PhantomData<*const ()>,
}

impl<'a, T: bytemuck::Pod> Filling<'a, T> {
    pub(crate) const fn new(column: &'a mut Column<T>) -> Self {
        Self { column, away: None, here: PhantomData }
    }

    /// Appends values.
    ///
    /// # Errors
    /// What the operating system says when there is no memory to map; the values before are kept.
    #[inline]
    pub fn extend_from_slice(&mut self, values: &[T]) -> io::Result<()> {
        if let Some(column) = &mut self.away {
            return column.extend_with(values, stream::copy);
        }
        self.column.extend_from_slice(values)?;
        if size_of_val::<[T]>(self.column) >= STREAM_FROM_BYTES {
            self.away = Some(take(self.column));
        }
        Ok(())
    }
}

impl<T: bytemuck::Pod> Drop for Filling<'_, T> {
    fn drop(&mut self) {
        if let Some(column) = self.away.take() {
            stream::fence();
            *self.column = column;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pieces of every size around a line, from an empty column and from one with values, far beyond the first
    /// growth; and in memory that is kept.
    #[test]
    fn holds_what_an_ordinary_vector_would() {
        let mut column = Column::<u32>::default();
        for round in 0..3_u32 {
            let mut expected = column.to_vec();
            let mut filling = column.filling();
            for piece in 0..9_000_u32 {
                let values: Vec<u32> = (piece..piece + 41 + piece % 131).map(|value| value ^ round).collect();
                filling.extend_from_slice(&values).unwrap();
                expected.extend_from_slice(&values);
            }
            assert!(filling.away.is_some());
            drop(filling);
            assert!(column[..] == expected[..]);
            column.clear();
            column.filling().extend_from_slice(&[round, 5]).unwrap();
            assert_eq!(column[..], [round, 5]);
        }
    }

    #[test]
    fn what_is_forgotten_is_not_seen() {
        let mut column = Column::default();
        let mut filling = column.filling();
        filling.extend_from_slice(&vec![1_u64; STREAM_FROM_BYTES / 8]).unwrap();
        filling.extend_from_slice(&[2; 100]).unwrap();
        std::mem::forget(filling);
        assert!(column.is_empty());
    }
}
