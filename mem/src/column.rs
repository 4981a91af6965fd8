//! A growing array on huge pages.

use crate::{FEW, Store};
use std::io;
use std::ops::{Deref, DerefMut};

/// A growing array of plain values, on huge pages when it is large. Memory that was never written costs
/// nothing, so room for the largest case may be reserved. When it is dropped, up to 128 MiB are kept for the
/// columns after, as new pages are slow.
///
/// ```
/// let mut column = fenrun_mem::Column::with_capacity(4)?;
/// column.extend_from_slice(&[1_u32, 2, 3])?;
/// column.extend_from_slice(&[4, 5])?;
/// assert_eq!(column[..], [1, 2, 3, 4, 5]);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Column<T> {
    store: Store<T>,
    len: usize,
}

impl<T: bytemuck::Pod> Default for Column<T> {
    /// A column without values.
    #[inline]
    fn default() -> Self {
        Self { store: Store::Few([T::zeroed(); FEW]), len: 0 }
    }
}

impl<T: bytemuck::Pod> Column<T> {
    /// An empty column with room for some values.
    ///
    /// # Errors
    /// What the operating system says when there is no memory to map.
    pub fn with_capacity(capacity: usize) -> io::Result<Self> {
        let mut column = Self::default();
        column.reserve(capacity)?;
        Ok(column)
    }

    /// Makes room for at least so many values in all.
    ///
    /// # Errors
    /// What the operating system says when there is no memory to map.
    pub fn reserve(&mut self, capacity: usize) -> io::Result<()> {
        if capacity > self.store.values().len() {
            let mut store = Store::with_room(capacity)?;
            store.values_mut()[..self.len].copy_from_slice(self);
            self.store = store;
        }
        Ok(())
    }

    /// Appends values.
    ///
    /// # Errors
    /// What the operating system says when there is no memory to map.
    pub fn extend_from_slice(&mut self, values: &[T]) -> io::Result<()> {
        self.extend_with(values, <[T]>::copy_from_slice)
    }

    /// Whether so many more values need no other memory.
    #[inline]
    pub(crate) fn has_room(&self, more: usize) -> bool {
        self.len + more <= self.store.values().len()
    }

    /// Appends values that `copy` brings to their place.
    #[inline]
    pub(crate) fn extend_with(&mut self, values: &[T], copy: impl FnOnce(&mut [T], &[T])) -> io::Result<()> {
        let len = self.len + values.len();
        if !self.has_room(values.len()) {
            self.reserve(len.next_power_of_two())?;
        }
        copy(&mut self.store.values_mut()[self.len..len], values);
        self.len = len;
        Ok(())
    }

    /// Forgets the values and keeps their memory.
    pub fn clear(&mut self) {
        self.len = 0;
    }
}

impl<T: bytemuck::Pod> Deref for Column<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.store.values()[..self.len]
    }
}

impl<T: bytemuck::Pod> DerefMut for Column<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        let len = self.len;
        &mut self.store.values_mut()[..len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::HUGE_FROM_BYTES;

    #[test]
    fn grows_from_small_to_mapped_and_keeps_its_values() {
        let mut column = Column::with_capacity(3).unwrap();
        let mut expected = Vec::new();
        for few in 0..20_u64 {
            assert_eq!(matches!(column.store, Store::Few(_)), expected.len() <= FEW);
            column.extend_from_slice(&[few]).unwrap();
            expected.push(few);
            assert_eq!(column[..], expected[..]);
        }
        for step in 0..40_u64 {
            let values: Vec<u64> = (step..step + 20_000).collect();
            column.extend_from_slice(&values).unwrap();
            expected.extend_from_slice(&values);
            assert_eq!(column[..], expected[..]);
        }
        assert!(expected.len() * 8 > 2 * HUGE_FROM_BYTES && matches!(column.store, Store::Mapped(_)));
        column[3] = 9;
        assert_eq!(column[2..5], [2, 9, 4]);
        column.clear();
        assert!(column.is_empty());
        column.extend_from_slice(&[7]).unwrap();
        assert_eq!(column[..], [7]);
    }
}
