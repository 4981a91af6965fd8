//! No panic leaves the library: it becomes [`Code::Panic`].

use fenrun::{Code, Error, Result};
use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

#[cfg(panic = "abort")]
compile_error!("libfenrun catches panics at its edge: build it with panic = \"unwind\"");

/// Runs the body of an exported function; a panic becomes an error.
///
/// # Errors
/// What the body returns, or [`Code::Panic`] with the panic's message.
#[inline]
pub fn guarded<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    // What the body was changing is poisoned by the panic, so nobody sees it half changed.
    panic::catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| Err(caught(&*panic)))
}

/// Keeps panics off stderr, in a library whose Rust runtime is its own, so that every panic in it is one of a call
/// and caught. Does so once.
#[inline]
pub fn silence_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| panic::set_hook(Box::new(|_| {})));
}

#[cold]
fn caught(panic: &(dyn Any + Send)) -> Error {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let message = format!("a bug in fenrun: {}", text.unwrap_or("no message")).replace('\n', " ");
    Error::new(Code::Panic, message)
}

#[cfg(test)]
mod tests {
    use super::guarded;
    use fenrun::Code;

    #[test]
    fn a_panic_becomes_an_error_and_the_next_call_works() {
        let error = guarded::<()>(|| panic!("planted\nbug {}", 7)).unwrap_err();
        assert_eq!(error.code(), Code::Panic);
        assert_eq!(error.message(), "a bug in fenrun: planted bug 7");
        assert_eq!(guarded(|| Ok(5)).unwrap(), 5);
    }
}
