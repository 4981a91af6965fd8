//! Handles that change: used by one thread at a time, and dead after a panic.
//!
//! Marks instead of locks. Nobody waits for one: a child forked while another thread held it would wait for ever. And
//! taking one is a single atomic exchange, which is most of what a small call costs beside its work.

use fenrun_capi::fenrun::{Code, Error, Result};
use std::cell::UnsafeCell;
use std::sync::atomic::Ordering::{Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize};

/// What a mark says: nobody is changing the value, somebody is, or somebody panicked while they did.
const FREE: u8 = 0;
const CHANGING: u8 = 1;
const POISONED: u8 = 2;

/// A value every call may change, such as an order.
#[derive(Debug)]
pub(crate) struct Exclusive<T> {
    mark: AtomicU8,
    value: UnsafeCell<T>,
}

/// A value most calls only read, such as a forest: many readers, or one writer.
#[derive(Debug)]
pub(crate) struct Shared<T> {
    writer: AtomicU8,
    /// Whether somebody reads: the first of them, who comes and goes without counting.
    reader: AtomicBool,
    /// How many read beside that one.
    others: AtomicUsize,
    value: UnsafeCell<T>,
}

// SAFETY: whoever has the mark is alone with the value, so sharing it hands the value from thread to thread.
unsafe impl<T: Send> Sync for Exclusive<T> {}
// SAFETY: as above for writers; readers see the value at the same time.
unsafe impl<T: Send + Sync> Sync for Shared<T> {}

/// Gives a writer's mark back; poisoned, unless its work came to an end.
struct Change<'a> {
    mark: &'a AtomicU8,
    after: u8,
}

impl<'a> Change<'a> {
    #[inline]
    fn begin(mark: &'a AtomicU8) -> Result<Self> {
        // With the load of a reader's mark behind it, in one order for all threads; see `Shared::read`.
        match mark.compare_exchange(FREE, CHANGING, SeqCst, Relaxed) {
            Ok(_) => Ok(Self { mark, after: POISONED }),
            Err(found) => Err(refused(found)),
        }
    }

    #[inline]
    fn end(&mut self) {
        self.after = FREE;
    }
}

impl Drop for Change<'_> {
    #[inline]
    fn drop(&mut self) {
        self.mark.store(self.after, Release);
    }
}

/// Gives a reader's mark back.
enum Read<'a> {
    First(&'a AtomicBool),
    Other(&'a AtomicUsize),
}

impl Drop for Read<'_> {
    #[inline]
    fn drop(&mut self) {
        match self {
            Self::First(reader) => reader.store(false, Release),
            Self::Other(others) => drop(others.fetch_sub(1, Release)),
        }
    }
}

impl<T> Exclusive<T> {
    /// Wraps a value.
    pub(crate) const fn new(value: T) -> Self {
        Self { mark: AtomicU8::new(FREE), value: UnsafeCell::new(value) }
    }

    /// Uses the value.
    ///
    /// # Errors
    /// [`Code::Poisoned`] after a panic, [`Code::InvalidArgument`] while another thread is using it,
    /// and what `body` returns.
    #[inline]
    pub(crate) fn with<R>(&self, body: impl FnOnce(&mut T) -> Result<R>) -> Result<R> {
        let mut change = Change::begin(&self.mark)?;
        // SAFETY: the mark is ours until `change` is dropped, and nobody looks at the value without it.
        let done = body(unsafe { &mut *self.value.get() });
        change.end();
        done
    }
}

impl<T> Shared<T> {
    /// Wraps a value.
    pub(crate) const fn new(value: T) -> Self {
        Self {
            writer: AtomicU8::new(FREE),
            reader: AtomicBool::new(false),
            others: AtomicUsize::new(0),
            value: UnsafeCell::new(value),
        }
    }

    /// Reads the value.
    ///
    /// # Errors
    /// As [`Exclusive::with`]; readers do not refuse each other.
    #[inline]
    pub(crate) fn read<R>(&self, body: impl FnOnce(&T) -> Result<R>) -> Result<R> {
        // A reader sets its mark and then looks for a writer, a writer sets its own and then looks for readers, all
        // of it in one order for all threads: of two who meet, one sees the other, and both may.
        let _read = match self.reader.compare_exchange(false, true, SeqCst, Relaxed) {
            Ok(_) => Read::First(&self.reader),
            Err(_) => {
                self.others.fetch_add(1, SeqCst);
                Read::Other(&self.others)
            }
        };
        match self.writer.load(SeqCst) {
            // SAFETY: a writer who comes now sees our mark until it is given back, and does nothing.
            FREE => body(unsafe { &*self.value.get() }),
            found => Err(refused(found)),
        }
    }

    /// Changes the value.
    ///
    /// # Errors
    /// As [`Exclusive::with`].
    pub(crate) fn write<R>(&self, body: impl FnOnce(&mut T) -> Result<R>) -> Result<R> {
        let mut change = Change::begin(&self.writer)?;
        if self.reader.load(SeqCst) || self.others.load(SeqCst) != 0 {
            change.end();
            return Err(refused(CHANGING));
        }
        // SAFETY: no reader has a mark, whoever sets one from now on sees ours and does nothing, and there is one
        // writer's mark.
        let done = body(unsafe { &mut *self.value.get() });
        change.end();
        done
    }
}

#[cold]
fn refused(found: u8) -> Error {
    // What a writer did before it panicked is not looked at, so nothing more is asked of its mark.
    match found {
        POISONED => Error::new(
            Code::Poisoned,
            "the handle was poisoned by an earlier panic; free it and make a new one",
        ),
        _ => {
            Error::new(Code::InvalidArgument, "the handle is in use by another thread; one thread at a time")
        }
    }
}

#[cfg(test)]
// A failing helper of a test is a failing test.
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::{Exclusive, Shared};
    use fenrun_capi::fenrun::{Code, Result};
    use fenrun_capi::guarded;
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;

    #[test]
    fn a_panic_poisons_what_it_was_changing_and_nothing_else() {
        let (broken, whole) = (Exclusive::new(1), Exclusive::new(2));
        let planted = guarded(|| broken.with(|_| -> Result<()> { panic!("planted") }));
        assert_eq!(planted.unwrap_err().code(), Code::Panic);
        assert_eq!(broken.with(|value| Ok(*value)).unwrap_err().code(), Code::Poisoned);
        assert_eq!(whole.with(|value| Ok(*value)).unwrap(), 2);
    }

    #[test]
    fn reading_poisons_nothing_and_writing_does() {
        let forest = Shared::new(1);
        let planted = guarded(|| forest.read(|_| -> Result<()> { panic!("planted") }));
        assert_eq!(planted.unwrap_err().code(), Code::Panic);
        assert_eq!(forest.read(|value| Ok(*value)).unwrap(), 1);
        assert_eq!(forest.write(|value| Ok(std::mem::replace(value, 2))).unwrap(), 1);
        let planted = guarded(|| forest.write(|_| -> Result<()> { panic!("planted") }));
        assert_eq!(planted.unwrap_err().code(), Code::Panic);
        assert_eq!(forest.read(|value| Ok(*value)).unwrap_err().code(), Code::Poisoned);
        assert_eq!(forest.write(|value| Ok(*value)).unwrap_err().code(), Code::Poisoned);
    }

    #[test]
    fn two_users_at_once_are_refused_and_readers_are_not() {
        let refused = |found: Result<i32>| found.unwrap_err().code() == Code::InvalidArgument;
        let order = Exclusive::new(1);
        assert!(order.with(|_| Ok(refused(order.with(|value| Ok(*value))))).unwrap());
        assert_eq!(order.with(|value| Ok(*value)).unwrap(), 1);
        let forest = Shared::new(1);
        let read = |depth: &Shared<i32>| depth.read(|value| Ok(*value));
        let write = |forest: &Shared<i32>| forest.write(|value| Ok(*value));
        // Three readers, one inside the other, and a writer in each of them.
        forest
            .read(|_| {
                assert!(refused(write(&forest)));
                forest.read(|_| {
                    assert!(refused(write(&forest)) && read(&forest).unwrap() == 1);
                    Ok(())
                })?;
                assert!(refused(write(&forest)));
                Ok(())
            })
            .unwrap();
        assert!(forest.write(|_| Ok(refused(read(&forest)) && refused(write(&forest)))).unwrap());
        // Whoever was refused left no mark.
        assert_eq!((write(&forest).unwrap(), read(&forest).unwrap()), (1, 1));
    }

    /// Readers must never see two halves that differ, and no change is lost.
    #[test]
    fn nobody_sees_a_change_half_done() {
        let (forest, changes, barrier) = (Shared::new([0_u64; 8]), AtomicU64::new(0), Barrier::new(4));
        thread::scope(|scope| {
            for thread in 0..4 {
                let (forest, changes, barrier) = (&forest, &changes, &barrier);
                scope.spawn(move || {
                    barrier.wait();
                    for round in 0..100_000_u64 {
                        if (round + thread) % 4 == 0 {
                            let done = forest.write(|halves| {
                                halves.iter_mut().for_each(|half| *half += 1);
                                Ok(())
                            });
                            changes.fetch_add(u64::from(done.is_ok()), Ordering::Relaxed);
                        } else {
                            let same = forest.read(|halves| Ok(halves.iter().all(|half| *half == halves[0])));
                            assert!(same.unwrap_or(true));
                        }
                    }
                });
            }
        });
        let changes = changes.into_inner();
        assert!(changes > 0);
        assert_eq!(forest.read(|halves| Ok(halves[7])).unwrap(), changes);
    }

    #[test]
    fn users_of_an_order_take_turns() {
        let (order, done) = (Exclusive::new(0_u64), AtomicU64::new(0));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..100_000 {
                        let added = order.with(|value| {
                            *value += 1;
                            Ok(())
                        });
                        done.fetch_add(u64::from(added.is_ok()), Ordering::Relaxed);
                    }
                });
            }
        });
        assert_eq!(order.with(|value| Ok(*value)).unwrap(), done.into_inner());
    }
}
