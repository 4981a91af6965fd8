//! What every exported function does first and last.

use crate::error::fenrun_error;
use fenrun_capi::fenrun::{Code, Error, Result};

/// Runs the body of an exported function: 0, or the code of its error, which is also written to `err`.
///
/// # Safety
/// `err` is null or points to a record whose `size` is set.
#[inline(always)]
pub(crate) unsafe fn call(err: *mut fenrun_error, body: impl FnOnce() -> Result<()>) -> i32 {
    #[cfg(feature = "quiet-panics")]
    fenrun_capi::silence_panics();
    // A record of the wrong size cannot be written to, so the code is all we can give.
    if !err.is_null() {
        // SAFETY: not null, aligned where it is read, and the caller says that it points to a record with its size set.
        let known = err.is_aligned() && unsafe { (&raw const (*err).size).read() } >= fenrun_error::SIZE;
        if !known {
            return Code::InvalidArgument.number();
        }
    }
    match fenrun_capi::guarded(body) {
        Ok(()) => 0,
        // SAFETY: null, or at least as large as the record.
        Err(error) => unsafe { refuse(err, &error) },
    }
}

/// Writes an error down, where there is a record.
///
/// # Safety
/// `err` is null or points to a record whose `size` is set and large enough.
#[cold]
#[inline(never)]
unsafe fn refuse(err: *mut fenrun_error, error: &Error) -> i32 {
    if !err.is_null() {
        // SAFETY: not null, and a whole record as the caller promises.
        unsafe { err.write(fenrun_error::of((&raw const (*err).size).read(), error)) };
    }
    error.code().number()
}

/// Takes a handle back. A panic while it is dropped is caught: there is nobody to tell.
///
/// # Safety
/// `handle` is null or came from `Box::into_raw` and was not taken back.
pub(crate) unsafe fn free<T>(handle: *mut T) {
    if !handle.is_null() {
        // SAFETY: not null, and ours as the caller promises.
        let owned = unsafe { Box::from_raw(handle) };
        let _ = fenrun_capi::guarded(|| {
            drop(owned);
            Ok(())
        });
    }
}
