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

#[cfg(test)]
mod tests {
    use super::draw_qr;
    use fenrun::Code;

    /// Other packages of the workspace may ask for the feature while this one is tested.
    #[test]
    fn an_image_or_a_word_why_not() {
        match (cfg!(feature = "qr"), draw_qr("a", "")) {
            (true, drawn) => assert!(drawn.unwrap().starts_with(b"<svg")),
            (false, drawn) => assert_eq!(drawn.unwrap_err().code(), Code::NotBuilt),
        }
    }
}
