//! Codes as files.

use crate::style::{Format, Style};
use crate::symbol::symbol;
use fenrun::{Code, Error, Result};
use png::{BitDepth, ColorType, Encoder, EncodingError};
use qrcode::{Color, QrCode};
use std::fmt::Write as _;
use std::io::Write as _;

/// The QR image of a text.
///
/// # Errors
/// [`Code::InvalidValue`] for an empty text, and for a style that names what it must not be; [`Code::TooLarge`] for a
/// text no code of this correction holds, with both lengths.
pub fn draw(text: &str, style: &Style) -> Result<Vec<u8>> {
    style.check()?;
    let picture = Picture::new(&symbol(text, style.correction)?, style);
    match style.format {
        Format::Svg => Ok(picture.svg().into_bytes()),
        Format::Png => {
            let no_room = |error: EncodingError| Error::new(Code::TooLarge, format!("a PNG: {error}"));
            picture.png().map_err(no_room)
        }
    }
}

/// A code with its margin.
struct Picture {
    /// Rows of modules without the margin, `true` for dark ones.
    rows: Vec<Vec<bool>>,
    margin: usize,
    /// Dots along the side of a module.
    module: usize,
}

impl Picture {
    fn new(code: &QrCode, style: &Style) -> Self {
        let colors = code.to_colors();
        let row = |colors: &[Color]| colors.iter().map(|color| *color == Color::Dark).collect();
        let small = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        Self {
            rows: colors.chunks(code.width()).map(row).collect(),
            margin: small(style.margin),
            module: small(style.module),
        }
    }

    /// Modules along a side.
    fn side(&self) -> usize {
        self.rows.len() + 2 * self.margin
    }

    /// Dark modules beside each other are one box.
    fn svg(&self) -> String {
        let (side, dots) = (self.side(), self.side() * self.module);
        let mut boxes = String::new();
        for (y, row) in (self.margin..).zip(&self.rows) {
            let mut x = self.margin;
            for run in row.chunk_by(|left, right| left == right) {
                let wide = run.len();
                if run[0] {
                    // Writing into a text does not fail.
                    let _ = write!(boxes, "M{x} {y}h{wide}v1h-{wide}z");
                }
                x += wide;
            }
        }
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{dots}\" height=\"{dots}\" \
             viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\">\
             <path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/><path d=\"{boxes}\"/></svg>\n"
        )
    }

    /// A bit a dot, 1 for white, written row by row: a large image is never in memory as a whole.
    fn png(&self) -> std::result::Result<Vec<u8>, EncodingError> {
        let dots = self.side() * self.module;
        let wide = u32::try_from(dots).unwrap_or(u32::MAX);
        let mut file = Vec::new();
        let mut encoder = Encoder::new(&mut file, wide, wide);
        encoder.set_color(ColorType::Grayscale);
        encoder.set_depth(BitDepth::One);
        let mut writer = encoder.write_header()?;
        let mut image = writer.stream_writer()?;
        let white = self.dots(&[]);
        for _ in 0..self.margin * self.module {
            image.write_all(&white)?;
        }
        for row in &self.rows {
            let dots = self.dots(row);
            for _ in 0..self.module {
                image.write_all(&dots)?;
            }
        }
        for _ in 0..self.margin * self.module {
            image.write_all(&white)?;
        }
        image.finish()?;
        writer.finish()?;
        Ok(file)
    }

    /// The dots of a row of modules, margin included.
    fn dots(&self, row: &[bool]) -> Vec<u8> {
        let mut bits = vec![0xFF_u8; (self.side() * self.module).div_ceil(8)];
        for (at, _) in row.iter().enumerate().filter(|(_, dark)| **dark) {
            let first = (self.margin + at) * self.module;
            for dot in first..first + self.module {
                bits[dot / 8] &= !(0x80 >> (dot % 8));
            }
        }
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::draw;
    use crate::style::{Correction, Format, Style};
    use std::path::Path;

    const LINK: &str = "https://shop.example/p/7?color=red&s=AQEAAAAA6QcA0zgW44XUpsYF7A#top";

    /// The grey dots of a PNG and how many stand in a row.
    fn dots(file: &[u8]) -> (usize, Vec<u8>) {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(file));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut dots = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut dots).unwrap();
        assert_eq!(info.width, info.height);
        (usize::try_from(info.width).unwrap(), dots)
    }

    /// The grey dots of an SVG, one a module, by its boxes alone.
    fn boxes(file: &[u8]) -> (usize, Vec<u8>) {
        let text = std::str::from_utf8(file).unwrap();
        let between = |from: &str, to: &str| text.split(from).nth(1).unwrap().split(to).next().unwrap();
        let side: usize = between("viewBox=\"0 0 ", " ").parse().unwrap();
        let mut dots = vec![0xFF; side * side];
        for part in between("<path d=\"M", "z\"/></svg>").split("zM") {
            let (place, wide) = part.split_once('h').unwrap();
            let (x, y) = place.split_once(' ').unwrap();
            let (wide, rest) = wide.split_once('v').unwrap();
            assert_eq!(rest, format!("1h-{wide}"));
            let first = y.parse::<usize>().unwrap() * side + x.parse::<usize>().unwrap();
            dots[first..first + wide.parse::<usize>().unwrap()].fill(0);
        }
        (side, dots)
    }

    /// What a camera sees: a reader of its own, each dot drawn `zoom` times as wide.
    fn read((side, dots): (usize, Vec<u8>), zoom: usize) -> String {
        let wide = side * zoom;
        let dot = |x: usize, y: usize| dots[y / zoom * side + x / zoom];
        let mut seen = rqrr::PreparedImage::prepare_from_greyscale(wide, wide, dot);
        let found = seen.detect_grids();
        assert_eq!(found.len(), 1);
        found[0].decode().unwrap().1
    }

    #[test]
    fn what_is_drawn_is_read() {
        let long = "长链接".repeat(30);
        for text in
            [LINK, "分润 https://店铺.example/?s=é", "HTTPS://SHOP.EXAMPLE/7", "4006820888", long.as_str()]
        {
            for correction in Correction::ALL {
                for (module, margin) in [(8, 4), (3, 4), (5, 7)] {
                    let svg = Style { correction, module, margin, ..Style::default() };
                    let png = Style { format: Format::Png, ..svg };
                    let (svg, png) = (draw(text, &svg).unwrap(), draw(text, &png).unwrap());
                    assert_eq!(
                        (read(boxes(&svg), 4), read(dots(&png), 1)),
                        (text.to_owned(), text.to_owned())
                    );
                }
            }
        }
    }

    /// Both formats are the same picture, whatever the style; the margin is white.
    #[test]
    fn both_formats_show_the_same() {
        for (module, margin) in [(1, 0), (1, 4), (2, 1), (7, 64), (64, 3)] {
            let svg = Style { module, margin, ..Style::default() };
            let (side, modules) = boxes(&draw("1", &svg).unwrap());
            let (wide, dots) = dots(&draw("1", &Style { format: Format::Png, ..svg }).unwrap());
            let (module, margin) = (usize::try_from(module).unwrap(), usize::try_from(margin).unwrap());
            assert_eq!((side, wide), (21 + 2 * margin, side * module));
            for (at, dot) in dots.iter().enumerate() {
                let (x, y) = (at % wide / module, at / wide / module);
                assert_eq!(*dot, modules[y * side + x], "{module} {margin}: {x} {y}");
                let inside = margin..side - margin;
                assert!(*dot == 0xFF || inside.contains(&x) && inside.contains(&y));
            }
        }
    }

    /// The files every language is held against.
    #[test]
    fn the_golden_images() {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        let style = Style { correction: Correction::Quartile, module: 3, margin: 4, format: Format::Svg };
        for (name, style) in [
            ("link.svg", Style::default()),
            ("small.svg", style),
            ("small.png", Style { format: Format::Png, ..style }),
        ] {
            let drawn = draw(LINK, &style).unwrap();
            if std::env::var_os("FENRUN_WRITE").is_some() {
                std::fs::write(golden.join(name), &drawn).unwrap();
            }
            assert!(
                drawn == std::fs::read(golden.join(name)).unwrap(),
                "{name}; FENRUN_WRITE=1 writes it anew"
            );
        }
    }

    #[test]
    fn what_cannot_be_drawn_is_said() {
        let said = |text: &str, style: Style| draw(text, &style).unwrap_err().to_string();
        assert!(said("", Style::default()).contains("empty"));
        assert!(said("a", Style { module: 65, ..Style::default() }).contains("65 dots"));
        assert!(said("a", Style { margin: 65, ..Style::default() }).contains("65 modules"));
        let high = Style { correction: Correction::High, ..Style::default() };
        assert!(
            said(&"a".repeat(1274), high)
                .contains("1274 bytes; a QR code of correction `high` holds at most 1273")
        );
    }
}
