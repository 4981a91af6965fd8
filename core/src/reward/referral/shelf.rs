//! A column that is its own or lies in memory that others share, such as a mapped file.

use std::fmt;
use std::ops::{Deref, Range};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;

/// Values that somebody else keeps in place for as long as we look at them.
pub(super) type Shared<T> = Arc<dyn AsRef<[T]> + Send + Sync + UnwindSafe + RefUnwindSafe>;

/// A column. One that is shared is copied before its first change.
pub(super) struct Shelf<T: 'static> {
    own: Vec<T>,
    shared: Option<(Shared<T>, Range<usize>)>,
}

impl<T: Clone> Shelf<T> {
    /// A part of what others share.
    pub(super) fn shared(whole: Shared<T>, range: Range<usize>) -> Self {
        Self { own: Vec::new(), shared: Some((whole, range)) }
    }

    /// The column to change.
    pub(super) fn to_mut(&mut self) -> &mut Vec<T> {
        if self.shared.is_some() {
            *self = self.to_vec().into();
        }
        &mut self.own
    }
}

impl<T> Deref for Shelf<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        match &self.shared {
            None => &self.own,
            Some((whole, range)) => (**whole).as_ref().get(range.clone()).unwrap_or(&[]),
        }
    }
}

impl<T> From<Vec<T>> for Shelf<T> {
    fn from(own: Vec<T>) -> Self {
        Self { own, shared: None }
    }
}

impl<T> Default for Shelf<T> {
    fn default() -> Self {
        Vec::new().into()
    }
}

impl<T: Clone> Clone for Shelf<T> {
    fn clone(&self) -> Self {
        Self { own: self.own.clone(), shared: self.shared.clone() }
    }
}

impl<T> fmt::Debug for Shelf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.shared.is_some() { "shared" } else { "own" };
        write!(f, "{} values, {kind}", self.len())
    }
}
