//! QR images: SVG or PNG, by the ending of the file.

use fenrun::{Code, Error, Result};
use qrcode::render::svg;
use qrcode::{Color, EcLevel, QrCode};
use std::path::Path;

/// Dots of a PNG a module of the code.
const DOTS: usize = 8;
/// Modules of quiet around it: ISO/IEC 18004 asks for four.
const QUIET: usize = 4;

/// The image of a text in the format of a file's ending.
///
/// # Errors
/// [`Code::InvalidArgument`] for another ending, or a text no QR code holds.
pub(crate) fn image(path: &Path, text: &str) -> Result<Vec<u8>> {
    let refused = |rule: String| Error::new(Code::InvalidArgument, format!("{}: {rule}", path.display()));
    let level = EcLevel::M;
    let code = QrCode::with_error_correction_level(text, level)
        .map_err(|error| refused(format!("{} bytes in a QR code: {error}", text.len())))?;
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("svg") => {
            let dots = u32::try_from(DOTS).unwrap_or(1);
            Ok(code.render::<svg::Color<'_>>().module_dimensions(dots, dots).build().into_bytes())
        }
        Some("png") => png(&code).map_err(|error| refused(error.to_string())),
        _ => Err(refused("a QR image is a file .svg or .png".to_owned())),
    }
}

/// Black on white, a byte a dot.
fn png(code: &QrCode) -> Result<Vec<u8>, png::EncodingError> {
    let modules = code.width() + 2 * QUIET;
    let side = modules * DOTS;
    let mut dots = vec![0xFF_u8; side * side];
    for (at, color) in code.to_colors().into_iter().enumerate() {
        if color == Color::Light {
            continue;
        }
        let (row, column) = ((at / code.width() + QUIET) * DOTS, (at % code.width() + QUIET) * DOTS);
        for line in row..row + DOTS {
            dots[line * side + column..][..DOTS].fill(0);
        }
    }
    let mut file = Vec::new();
    let width = u32::try_from(side).unwrap_or(u32::MAX);
    let mut encoder = png::Encoder::new(&mut file, width, width);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.write_header()?.write_image_data(&dots)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a camera sees: a reader of its own finds the text again.
    #[test]
    fn what_is_drawn_is_read() {
        let link = "https://shop.example/p/7?color=red&s=AQEAAAAA6QcA0zgW44XUpsYF7A#top";
        let file = image(Path::new("a.png"), link).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut dots = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut dots).unwrap();
        let (width, height) = (usize::try_from(info.width).unwrap(), usize::try_from(info.height).unwrap());
        let mut seen = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| dots[y * width + x]);
        let found = seen.detect_grids();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].decode().unwrap().1, link);
        let svg = String::from_utf8(image(Path::new("a.svg"), link).unwrap()).unwrap();
        assert!(svg.starts_with("<?xml") && svg.contains("<svg") && svg.ends_with("</svg>"));
        assert!(
            image(Path::new("a.gif"), link).is_err() && image(Path::new("a.png"), &"x".repeat(3000)).is_err()
        );
    }
}
