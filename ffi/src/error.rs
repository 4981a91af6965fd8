//! The error record.

use crate::constants::FENRUN_NO_INDEX;
use fenrun_capi::fenrun::Error;
use fenrun_capi::prefix;
use std::ffi::c_char;

/// What went wrong. It belongs to the caller, who sets `size` to `sizeof(fenrun_error)` before the first
/// call (`FENRUN_ERROR_INIT` does); it is written on failure only.
#[repr(C)]
pub struct fenrun_error {
    /// `sizeof(fenrun_error)`.
    pub size: u32,
    /// One of the `FENRUN_*` error codes.
    pub code: i32,
    /// The failing row of a batch, from 0, or `FENRUN_NO_INDEX`.
    pub index: u32,
    /// The line of the text that is at fault, from 1, or 0 where no line is.
    pub line: u32,
    /// One line of UTF-8 that names the value and the rule, cut to fit, zero-terminated.
    pub message: [c_char; 240],
}

const _: () = assert!(size_of::<fenrun_error>() == 256 && fenrun_error::SIZE == 256);
const _: () = assert!(std::mem::offset_of!(fenrun_error, code) == 4);
const _: () = assert!(std::mem::offset_of!(fenrun_error, index) == 8);
const _: () = assert!(std::mem::offset_of!(fenrun_error, message) == 16);

impl fenrun_error {
    /// Its size, as a record says it.
    pub(crate) const SIZE: u32 = 256;

    /// A filled record.
    pub(crate) fn of(size: u32, error: &Error) -> Self {
        let index = error.index().and_then(|index| u32::try_from(index).ok());
        let mut message = [0; 240];
        // The last byte stays zero.
        for (to, from) in message.iter_mut().zip(prefix(error.message(), 239).bytes()) {
            *to = c_char::from_ne_bytes([from]);
        }
        let code = error.code().number();
        let line = error.line().and_then(|line| u32::try_from(line).ok()).unwrap_or(0);
        Self { size, code, index: index.unwrap_or(FENRUN_NO_INDEX), line, message }
    }
}
