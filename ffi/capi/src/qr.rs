//! QR images, where they are built in.

use fenrun::Result;

/// The QR image of a text; the style is a document, see `Style::from_node` of `fenrun-qr`, or an empty text.
///
/// # Errors
/// As `fenrun_qr::draw`, and those of the document; [`fenrun::Code::NotBuilt`] without the feature `qr`.
#[cfg(feature = "qr")]
pub fn draw_qr(text: &str, style: &str) -> Result<Vec<u8>> {
    use fenrun::doc::{MAX_DOCUMENT_BYTES, read_json};
    let style = match style {
        "" => fenrun_qr::Style::default(),
        style => fenrun_qr::Style::from_node(&read_json(style, MAX_DOCUMENT_BYTES)?)?,
    };
    fenrun_qr::draw(text, &style)
}

/// The QR image of a text.
///
/// # Errors
/// [`fenrun::Code::NotBuilt`]: this library was built without the feature `qr`.
#[cfg(not(feature = "qr"))]
pub fn draw_qr(_text: &str, _style: &str) -> Result<Vec<u8>> {
    Err(fenrun::Error::new(fenrun::Code::NotBuilt, "this library was built without the feature `qr`"))
}
