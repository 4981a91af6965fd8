//! Memory of large columns, kept for the columns after.
//!
//! The kernel clears new pages before it hands them out, which costs as much as settling a batch into them.

use memmap2::{MmapMut, MmapOptions};
use std::io;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, TryLockError};

/// So much is kept at most, by the whole process.
const KEPT_BYTES: usize = 128 << 20;

/// So often a thread asks for what another one holds.
const PATIENCE: usize = 50;

static MAPS: Mutex<Vec<MmapMut>> = Mutex::new(Vec::new());

/// A mapping of some content, which goes back to those that are kept.
#[derive(Debug)]
pub(crate) struct Kept(Option<MmapMut>);

impl Kept {
    /// At least so many bytes.
    pub(crate) fn new(bytes: usize) -> io::Result<Self> {
        let known = lock().and_then(|mut maps| {
            let fits = |(_, map): &(usize, &MmapMut)| (bytes..=bytes.saturating_mul(2)).contains(&map.len());
            let best = maps.iter().enumerate().filter(fits).min_by_key(|(_, map)| map.len());
            best.map(|(at, _)| at).map(|at| maps.remove(at))
        });
        match known {
            Some(map) => Ok(Self(Some(map))),
            None => {
                let map = MmapOptions::new().len(bytes).map_anon()?;
                advise(&map);
                Ok(Self(Some(map)))
            }
        }
    }
}

/// Asks for huge pages; a refusal costs speed, not correctness, so it is not an error.
#[cfg(target_os = "linux")]
fn advise(map: &MmapMut) {
    let _refused = map.advise(memmap2::Advice::HugePage);
}

#[cfg(not(target_os = "linux"))]
fn advise(_map: &MmapMut) {}

impl Deref for Kept {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }
}

impl DerefMut for Kept {
    fn deref_mut(&mut self) -> &mut [u8] {
        self.0.as_deref_mut().unwrap_or_default()
    }
}

impl Drop for Kept {
    /// Those kept longest make room.
    fn drop(&mut self) {
        let Some(map) = self.0.take().filter(|map| map.len() <= KEPT_BYTES) else { return };
        let Some(mut maps) = lock() else { return };
        maps.push(map);
        let mut total: usize = maps.iter().map(|map| map.len()).sum();
        while total > KEPT_BYTES {
            total -= maps.remove(0).len();
        }
    }
}

/// Not where another thread is at it for long, or was when this process was forked: then memory is new, and goes.
fn lock() -> Option<MutexGuard<'static, Vec<MmapMut>>> {
    for _ in 0..PATIENCE {
        match MAPS.try_lock() {
            Ok(maps) => return Some(maps),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => std::thread::yield_now(),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::{Column, streamed};
    use std::thread;

    const LEN: usize = 3 << 20;

    fn column(value: u8, len: usize) -> Column<u8> {
        let mut column = Column::with_capacity(LEN).unwrap();
        streamed(|streams| streams.column(&mut column).extend_from_slice(&vec![value; len])).unwrap();
        column
    }

    /// Many threads take and give back at once; nobody sees what others write, and more than is kept is let go.
    #[test]
    fn memory_that_is_used_again_belongs_to_one_column() {
        thread::scope(|scope| {
            for value in 1..5 {
                scope.spawn(move || {
                    for round in 0..40 {
                        let held: Vec<_> = (0..1 + round % 12).map(|_| column(value, LEN - round)).collect();
                        assert!(held.iter().all(|column| {
                            column.len() == LEN - round && column.iter().all(|byte| *byte == value)
                        }));
                    }
                });
            }
        });
        let all: Vec<_> = (0..60).map(|_| column(9, 1)).collect();
        drop(all);
        let kept: usize = super::lock().unwrap().iter().map(|map| map.len()).sum();
        assert!((1..=super::KEPT_BYTES).contains(&kept), "{kept}");
    }

    #[test]
    fn the_memory_of_a_column_is_that_of_the_next() {
        let mut again = 0;
        // Other tests take and give at the same time.
        for _ in 0..50 {
            let first = column(3, 10);
            let place = first.as_ptr();
            drop(first);
            let second = column(4, 20);
            again += usize::from(second.as_ptr() == place);
            assert_eq!(second[..], [4; 20]);
        }
        assert!(again > 0);
    }
}
