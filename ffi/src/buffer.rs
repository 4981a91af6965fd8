//! Text that the library gives away.

use std::ffi::c_char;
use std::mem::ManuallyDrop;
use std::ptr;

/// Text the library allocated: UTF-8 of `len` bytes (or an image, where a call says so), followed by a zero byte that `len` does not count.
///
/// Free it with `fenrun_buffer_free`. An output buffer is overwritten, not freed, by the next call.
#[repr(C)]
pub struct fenrun_buffer {
    /// The bytes, or null in an empty buffer.
    pub data: *mut c_char,
    /// Their number, without the zero byte.
    pub len: usize,
    /// What was allocated; not for the caller.
    pub capacity: usize,
}

const _: () = assert!(size_of::<fenrun_buffer>() == 3 * size_of::<usize>());

impl From<String> for fenrun_buffer {
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl From<Vec<u8>> for fenrun_buffer {
    fn from(mut bytes: Vec<u8>) -> Self {
        let len = bytes.len();
        bytes.push(0);
        let mut bytes = ManuallyDrop::new(bytes);
        Self { data: bytes.as_mut_ptr().cast(), len, capacity: bytes.capacity() }
    }
}

/// Frees the text of a buffer and empties it; null and empty buffers are fine.
///
/// # Safety
/// `buffer` is null, zeroed, or was filled by this library and not copied since.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_buffer_free(buffer: *mut fenrun_buffer) {
    if buffer.is_null() {
        return;
    }
    let empty = fenrun_buffer { data: ptr::null_mut(), len: 0, capacity: 0 };
    // SAFETY: not null, and the caller promises a buffer.
    let old = unsafe { buffer.replace(empty) };
    if !old.data.is_null() {
        // SAFETY: `data` and `capacity` are those of a vector of bytes that `from` took apart.
        drop(unsafe { Vec::from_raw_parts(old.data.cast::<u8>(), 0, old.capacity) });
    }
}
