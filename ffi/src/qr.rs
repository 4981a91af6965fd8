//! QR images of share links.

use crate::args::{Place, text};
use crate::buffer::fenrun_buffer;
use crate::call::call;
use crate::error::fenrun_error;
use std::ffi::c_char;

/// Draws a text as a QR code: an image that `image_out` gets the bytes of.
///
/// `style` is JSON, of which anything may be missing, or an empty text: `{"format": "svg" or "png", "correction":
/// "low", "medium", "quartile" or "high" (7, 15, 25 or 30 % of the code may be covered), "module": dots along the
/// side of its smallest square, from 1 to 64, "margin": squares of white around it, at most 64}`. Without it, an SVG
/// of `medium` with squares of 8 dots and a margin of four, which the standard asks for.
///
/// Errors: `FENRUN_TOO_LARGE` names the bytes of the text and how many a code of this correction holds at most (2,331
/// at `medium`); `FENRUN_INVALID_VALUE` for an empty text or a style out of range, `FENRUN_UNKNOWN_WORD`,
/// `FENRUN_UNKNOWN_KEY`; `FENRUN_NOT_BUILT` where `fenrun_features` does not list `qr`.
///
/// # Safety
/// `content` and `style` point to as many bytes as their lengths say, `image_out` to a buffer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_qr_draw(
    content: *const c_char,
    content_len: usize,
    style: *const c_char,
    style_len: usize,
    image_out: *mut fenrun_buffer,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let content = text(content, content_len, "content")?;
            let style = text(style, style_len, "style")?;
            let out = Place::new(image_out, "image_out")?;
            out.put(fenrun_capi::draw_qr(content, style)?.into());
            Ok(())
        })
    }
}
