//! Who we are.

use crate::call::call;
use crate::constants::FENRUN_ABI_VERSION;
use crate::error::fenrun_error;
use fenrun_capi::fenrun::{Code, Error};
use std::ffi::{CStr, c_char};

const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");

/// The ABI of the loaded library; compare it with `FENRUN_ABI_VERSION` by `fenrun_abi_check`.
#[unsafe(no_mangle)]
pub extern "C" fn fenrun_abi_version() -> u32 {
    FENRUN_ABI_VERSION
}

/// Whether the loaded library fits the header a program was built with. Call it once at load:
/// `fenrun_abi_check(FENRUN_ABI_VERSION, &err)`.
///
/// Errors: `FENRUN_ABI_MISMATCH` names both versions.
///
/// # Safety
/// `err` is null or points to a record whose `size` is set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_abi_check(header: u32, err: *mut fenrun_error) -> i32 {
    let body = || {
        let (major, minor) = (|version: u32| version >> 16, |version: u32| version & 0xFFFF);
        let ours = FENRUN_ABI_VERSION;
        let fits = match major(ours) {
            0 => ours == header,
            _ => major(ours) == major(header) && minor(ours) >= minor(header),
        };
        if fits {
            return Ok(());
        }
        let error = format!(
            "the library has ABI {}.{}, the program was built for {}.{}: install the library that came with the header",
            major(ours),
            minor(ours),
            major(header),
            minor(header)
        );
        Err(Error::new(Code::AbiMismatch, error))
    };
    // SAFETY: the caller promises what `call` asks for.
    unsafe { call(err, body) }
}

/// The version of the library, such as `0.1.0`. Static: never freed.
#[unsafe(no_mangle)]
pub extern "C" fn fenrun_version() -> *const c_char {
    CStr::from_bytes_with_nul(VERSION.as_bytes()).unwrap_or(c"").as_ptr()
}

/// What was built in, words separated by blanks: `toml qr`. A call into a part that was not built in returns
/// `FENRUN_NOT_BUILT`. Static: never freed.
#[unsafe(no_mangle)]
pub extern "C" fn fenrun_features() -> *const c_char {
    let features = if cfg!(feature = "qr") { c"toml qr" } else { c"toml" };
    features.as_ptr()
}

/// The stable name of an error code, such as `overflow`; `ok` for 0, `unknown` for a number that is none.
/// Static: never freed.
#[unsafe(no_mangle)]
pub extern "C" fn fenrun_error_name(code: i32) -> *const c_char {
    fenrun_capi::code_name(code).as_ptr()
}
