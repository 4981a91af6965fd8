//! What every exported function does first and last.

use crate::error::fenrun_error;
use fenrun_capi::fenrun::{Code, Result};

/// Runs the body of an exported function: 0, or the code of its error, which is also written to `err`.
///
/// # Safety
/// `err` is null or points to a record whose `size` is set.
pub(crate) unsafe fn call(err: *mut fenrun_error, body: impl FnOnce() -> Result<()>) -> i32 {
    #[cfg(feature = "quiet-panics")]
    fenrun_capi::silence_caught_panics();
    // A record of the wrong size cannot be written to, so the code is all we can give.
    let size = match err.is_null() {
        true => None,
        false if !err.is_aligned() => return Code::InvalidArgument.number(),
        // SAFETY: not null, aligned, and the caller says that it points to a record with its size set.
        false => Some(unsafe { (&raw const (*err).size).read() }),
    };
    if size.is_some_and(|size| usize::try_from(size).unwrap_or(0) < size_of::<fenrun_error>()) {
        return Code::InvalidArgument.number();
    }
    match fenrun_capi::guarded(body) {
        Ok(()) => 0,
        Err(error) => {
            if let Some(size) = size {
                // SAFETY: as above, and at least as large as the record.
                unsafe { err.write(fenrun_error::of(size, &error)) };
            }
            error.code().number()
        }
    }
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
