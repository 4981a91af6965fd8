//! Handles that change: used by one thread at a time, and dead after a panic.

use fenrun::{Code, Error, Result};
use std::sync::{Mutex, RwLock, TryLockError};

/// A value every call may change, such as an order.
///
/// It never waits for a lock: a child forked while another thread held it would wait for ever.
#[derive(Debug)]
pub struct Exclusive<T>(Mutex<T>);

/// A value most calls only read, such as a forest: many readers, or one writer.
#[derive(Debug)]
pub struct Shared<T>(RwLock<T>);

impl<T> Exclusive<T> {
    /// Wraps a value.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    /// Uses the value.
    ///
    /// # Errors
    /// [`Code::Poisoned`] after a panic, [`Code::InvalidArgument`] while another thread is using it,
    /// and what `body` returns.
    pub fn with<R>(&self, body: impl FnOnce(&mut T) -> Result<R>) -> Result<R> {
        body(&mut *self.0.try_lock().map_err(refused)?)
    }
}

impl<T> Shared<T> {
    /// Wraps a value.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Self(RwLock::new(value))
    }

    /// Reads the value.
    ///
    /// # Errors
    /// As [`Exclusive::with`]; readers do not refuse each other.
    pub fn read<R>(&self, body: impl FnOnce(&T) -> Result<R>) -> Result<R> {
        body(&*self.0.try_read().map_err(refused)?)
    }

    /// Changes the value.
    ///
    /// # Errors
    /// As [`Exclusive::with`].
    pub fn write<R>(&self, body: impl FnOnce(&mut T) -> Result<R>) -> Result<R> {
        body(&mut *self.0.try_write().map_err(refused)?)
    }
}

fn refused<G>(error: TryLockError<G>) -> Error {
    match error {
        TryLockError::Poisoned(_) => Error::new(
            Code::Poisoned,
            "the handle was poisoned by an earlier panic; free it and make a new one",
        ),
        TryLockError::WouldBlock => {
            Error::new(Code::InvalidArgument, "the handle is in use by another thread; one thread at a time")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Exclusive, Shared};
    use crate::guard::{guarded, silence_caught_panics};
    use fenrun::Code;

    #[test]
    fn a_panic_poisons_what_it_was_changing_and_nothing_else() {
        silence_caught_panics();
        let (broken, whole) = (Exclusive::new(1), Exclusive::new(2));
        let planted = guarded(|| broken.with(|_| -> fenrun::Result<()> { panic!("planted") }));
        assert_eq!(planted.unwrap_err().code(), Code::Panic);
        assert_eq!(broken.with(|value| Ok(*value)).unwrap_err().code(), Code::Poisoned);
        assert_eq!(whole.with(|value| Ok(*value)).unwrap(), 2);
    }

    #[test]
    fn reading_poisons_nothing_and_writing_does() {
        silence_caught_panics();
        let forest = Shared::new(1);
        let planted = guarded(|| forest.read(|_| -> fenrun::Result<()> { panic!("planted") }));
        assert_eq!(planted.unwrap_err().code(), Code::Panic);
        assert_eq!(forest.read(|value| Ok(*value)).unwrap(), 1);
        let planted = guarded(|| forest.write(|_| -> fenrun::Result<()> { panic!("planted") }));
        assert_eq!(planted.unwrap_err().code(), Code::Panic);
        assert_eq!(forest.read(|value| Ok(*value)).unwrap_err().code(), Code::Poisoned);
    }

    #[test]
    fn two_users_at_once_are_refused() {
        let order = Exclusive::new(1);
        let inner = order.with(|_| order.with(|value| Ok(*value)));
        assert_eq!(inner.unwrap_err().code(), Code::InvalidArgument);
    }
}
