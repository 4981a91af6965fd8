//! Long columns, written past the caches.

use crate::{Column, stream};
use std::cell::Cell;
use std::io;
use std::marker::PhantomData;

/// From here on, values go to memory past the caches: what is smaller is better found in them.
const STREAM_FROM_BYTES: usize = 1 << 20;

/// Leave to write past the caches, see [`streamed`].
pub struct Streams<'data> {
    /// What is written is borrowed for longer than [`streamed`] runs, so nobody reads it before the fence.
    data: PhantomData<Cell<&'data mut ()>>,
    /// Only the thread that stored can wait for its stores.
    here: PhantomData<*const ()>,
}

/// Columns and slices while many values are written to them that are not read in between: megabytes go past
/// the caches, which keep what else is read. They can be read again when the call returns.
///
/// ```
/// let (mut column, mut slice) = (fenrun_mem::Column::default(), [0_i64; 8]);
/// let left = fenrun_mem::streamed(|streams| {
///     let (mut column, mut slice) = (streams.column(&mut column), streams.slice(&mut slice));
///     for piece in [&[1_i64, 2, 3][..], &[4, 5]] {
///         column.extend_from_slice(piece)?;
///         slice.extend_from_slice(piece)?;
///     }
///     Ok::<_, std::io::Error>(slice.room())
/// })?;
/// assert_eq!((&column[..], slice, left), (&[1, 2, 3, 4, 5][..], [1, 2, 3, 4, 5, 0, 0, 0], 3));
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// What was given away cannot be read before:
///
/// ```compile_fail
/// let mut slice = [0_i64; 8];
/// fenrun_mem::streamed(|streams| {
///     drop(streams.slice(&mut slice));
///     slice[0]
/// });
/// ```
///
/// ```compile_fail
/// let mut slice = [0_i64; 8];
/// let late = fenrun_mem::streamed(|streams| streams.slice(&mut slice));
/// ```
pub fn streamed<'data, R>(write: impl FnOnce(&Streams<'data>) -> R) -> R {
    let _fence = Fence;
    write(&Streams { data: PhantomData, here: PhantomData })
}

/// Waits also when the work is left by a panic.
struct Fence;

impl Drop for Fence {
    fn drop(&mut self) {
        stream::fence();
    }
}

impl<'data> Streams<'data> {
    /// A column, which values are appended to.
    pub fn column<'s, T: bytemuck::Pod>(&'s self, column: &'data mut Column<T>) -> Growing<'s, 'data, T> {
        Growing { column, streams: PhantomData }
    }

    /// A slice, which is written from its start.
    pub fn slice<'s, T: bytemuck::Pod>(&'s self, slice: &'data mut [T]) -> Window<'s, 'data, T> {
        Window { slice, written: 0, streams: PhantomData }
    }
}

/// A column that grows, see [`streamed`].
pub struct Growing<'s, 'data, T> {
    column: &'data mut Column<T>,
    streams: PhantomData<&'s Streams<'data>>,
}

impl<T: bytemuck::Pod> Growing<'_, '_, T> {
    /// Appends values.
    ///
    /// # Errors
    /// What the operating system says when there is no memory to map; the values before are kept.
    #[inline]
    pub fn extend_from_slice(&mut self, values: &[T]) -> io::Result<()> {
        if !self.column.has_room(values.len()) {
            // What is there will be copied, and its memory left to others.
            stream::fence();
        }
        self.column.extend_with(values, copy_for(size_of_val::<[T]>(self.column)))
    }
}

/// A slice that is being written, see [`streamed`].
pub struct Window<'s, 'data, T> {
    slice: &'data mut [T],
    written: usize,
    streams: PhantomData<&'s Streams<'data>>,
}

impl<T: bytemuck::Pod> Window<'_, '_, T> {
    /// Writes values behind those before.
    ///
    /// # Errors
    /// [`io::ErrorKind::WriteZero`] where there is no room for all of them; then none is written.
    #[inline]
    pub fn extend_from_slice(&mut self, values: &[T]) -> io::Result<()> {
        let end = self.written + values.len();
        let to = self.slice.get_mut(self.written..end).ok_or(io::ErrorKind::WriteZero)?;
        copy_for(self.written * size_of::<T>())(to, values);
        self.written = end;
        Ok(())
    }

    /// How many values there is room for.
    #[must_use]
    pub const fn room(&self) -> usize {
        self.slice.len() - self.written
    }
}

/// The way to copy behind so many bytes.
fn copy_for<T: bytemuck::Pod>(bytes: usize) -> fn(&mut [T], &[T]) {
    if bytes < STREAM_FROM_BYTES { <[T]>::copy_from_slice } else { stream::copy }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pieces of every size around a line, into an empty column and into one with values, far beyond the first
    /// growth; into memory that is kept, and into a slice.
    #[test]
    fn holds_what_an_ordinary_vector_would() {
        let (mut column, mut slice) = (Column::<u32>::default(), vec![0; 1 << 20]);
        for round in 0..3_u32 {
            let mut expected = column.to_vec();
            let before = expected.len();
            let room = streamed(|streams| {
                let (mut growing, mut window) = (streams.column(&mut column), streams.slice(&mut slice));
                for piece in 0..9_000_u32 {
                    let values: Vec<u32> =
                        (piece..piece + 41 + piece % 131).map(|value| value ^ round).collect();
                    growing.extend_from_slice(&values).unwrap();
                    window.extend_from_slice(&values).unwrap();
                    expected.extend_from_slice(&values);
                }
                window.room()
            });
            assert!(size_of_val(&expected[..]) > 3 * STREAM_FROM_BYTES);
            assert!(column[..] == expected[..]);
            assert!(slice[..slice.len() - room] == expected[before..]);
            column.clear();
            column.extend_from_slice(&[round, 5]).unwrap();
        }
    }

    #[test]
    fn what_has_no_room_is_not_written() {
        let mut slice = [0_u8; 3];
        streamed(|streams| {
            let mut window = streams.slice(&mut slice);
            window.extend_from_slice(&[1, 2]).unwrap();
            let error = window.extend_from_slice(&[3, 4]).unwrap_err();
            assert_eq!((error.kind(), window.room()), (io::ErrorKind::WriteZero, 1));
        });
        assert_eq!(slice, [1, 2, 0]);
    }
}
