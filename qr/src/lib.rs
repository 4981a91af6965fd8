//! QR images of share links: SVG and PNG, the same bytes in every language.
//!
//! ```
//! use fenrun_qr::{Format, Style, draw};
//! let link = "https://shop.example/p/7?s=AQEAAAAA6QcA0zgW44XUpsYF7A";
//! let svg = draw(link, &Style::default())?;
//! assert!(svg.starts_with(b"<svg"));
//! let png = draw(link, &Style { format: Format::Png, ..Style::default() })?;
//! assert!(png.starts_with(b"\x89PNG"));
//! # Ok::<(), fenrun::Error>(())
//! ```

mod image;
mod style;
mod symbol;

pub use image::draw;
pub use style::{Correction, Format, MAX_MARGIN, MAX_MODULE, Style};
