//! No panic leaves the library: it becomes [`Code::Panic`].

use fenrun::{Code, Error, Result};
use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

#[cfg(panic = "abort")]
compile_error!("libfenrun catches panics at its edge: build it with panic = \"unwind\"");

thread_local! {
    /// How many calls into the library this thread is inside of.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Runs the body of an exported function; a panic becomes an error.
///
/// # Errors
/// What the body returns, or [`Code::Panic`] with the panic's message.
pub fn guarded<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    // What the body was changing is behind a lock that is poisoned by the panic (`Exclusive`, `Shared`),
    // so nobody sees it half changed.
    panic::catch_unwind(AssertUnwindSafe(|| inside(body))).unwrap_or_else(|panic| Err(caught(&*panic)))
}

/// Runs a part of a call, on whichever thread, so that a panic in it stays silent.
pub fn inside<T>(body: impl FnOnce() -> T) -> T {
    struct Leave<'a>(&'a Cell<u32>);
    impl Drop for Leave<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get().saturating_sub(1));
        }
    }
    // The place is asked for once: in a library that is loaded at run time that is a call of its own.
    DEPTH.with(|depth| {
        depth.set(depth.get().saturating_add(1));
        let _leave = Leave(depth);
        body()
    })
}

/// Keeps a panic that will be caught off stderr; every other panic goes to the hook that was there.
/// Installs itself once.
pub fn silence_caught_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let earlier = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if DEPTH.get() == 0 {
                earlier(info);
            }
        }));
    });
}

fn caught(panic: &(dyn Any + Send)) -> Error {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let message = format!("a bug in fenrun: {}", text.unwrap_or("no message")).replace('\n', " ");
    Error::new(Code::Panic, message)
}

#[cfg(test)]
mod tests {
    use super::{DEPTH, guarded, silence_caught_panics};
    use fenrun::Code;

    #[test]
    fn a_panic_becomes_an_error_and_the_next_call_works() {
        silence_caught_panics();
        let error = guarded::<()>(|| panic!("planted\nbug {}", 7)).unwrap_err();
        assert_eq!(error.code(), Code::Panic);
        assert_eq!(error.message(), "a bug in fenrun: planted bug 7");
        assert_eq!(guarded(|| Ok(5)).unwrap(), 5);
        assert_eq!(DEPTH.get(), 0);
    }
}
