//! How an image looks.

use fenrun::doc::{Fields, Node};
use fenrun::{Code, Error, Result};

/// The largest module, in dots.
pub const MAX_MODULE: u32 = 64;
/// The widest margin, in modules.
pub const MAX_MARGIN: u32 = 64;

/// The format of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Scalable, text: stands in a page as it is.
    Svg,
    /// Black and white dots, one bit each.
    Png,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Svg, Self::Png];

    /// The name of a format, which is also the ending of its files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
        }
    }
}

/// How much of a code may be covered or damaged and it is still read: the levels L, M, Q and H of ISO/IEC 18004.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Correction {
    /// 7 %.
    Low,
    /// 15 %.
    Medium,
    /// 25 %.
    Quartile,
    /// 30 %: for a logo in the middle.
    High,
}

impl Correction {
    /// All of them, weakest first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::Quartile, Self::High];

    /// The name of a level.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::Quartile => "quartile",
            Self::High => "high",
        }
    }
}

/// How an image looks. By default an SVG of medium correction with modules of 8 dots and a margin of four modules,
/// which is what ISO/IEC 18004 asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Style {
    /// The format.
    pub format: Format,
    /// The level of error correction.
    pub correction: Correction,
    /// Dots along the side of a module, the smallest square of the code: from 1 to [`MAX_MODULE`].
    pub module: u32,
    /// Modules of white around the code: at most [`MAX_MARGIN`]. Below four not every camera finds it.
    pub margin: u32,
}

impl Default for Style {
    fn default() -> Self {
        Self { format: Format::Svg, correction: Correction::Medium, module: 8, margin: 4 }
    }
}

impl Style {
    /// Reads a style: `{"format": "png", "correction": "high", "module": 10, "margin": 4}`, of which anything may be
    /// missing.
    ///
    /// # Errors
    /// Names the key, the value and the rule.
    pub fn from_node(node: &Node) -> Result<Self> {
        let usual = Self::default();
        let mut fields = Fields::new(node, "style")?;
        let style = Self {
            format: fields.word("format", &Format::ALL, Format::name)?.unwrap_or(usual.format),
            correction: fields
                .word("correction", &Correction::ALL, Correction::name)?
                .unwrap_or(usual.correction),
            module: fields.int("module")?.map_or(Ok(usual.module), module)?,
            margin: fields.int("margin")?.map_or(Ok(usual.margin), margin)?,
        };
        fields.finish()?;
        Ok(style)
    }

    pub(crate) fn check(&self) -> Result<()> {
        module(self.module.into())?;
        margin(self.margin.into())?;
        Ok(())
    }
}

/// The side of a module, where it is in range.
fn module(dots: i64) -> Result<u32> {
    let fits = u32::try_from(dots).ok().filter(|dots| (1..=MAX_MODULE).contains(dots));
    fits.ok_or_else(|| {
        Error::new(Code::InvalidValue, format!("a module of {dots} dots; from 1 to {MAX_MODULE}"))
    })
}

/// A margin, where it is in range.
fn margin(modules: i64) -> Result<u32> {
    let fits = u32::try_from(modules).ok().filter(|modules| *modules <= MAX_MARGIN);
    fits.ok_or_else(|| {
        Error::new(Code::InvalidValue, format!("a margin of {modules} modules; from 0 to {MAX_MARGIN}"))
    })
}

#[cfg(test)]
mod tests {
    use super::{Correction, Format, MAX_MARGIN, MAX_MODULE, Style};
    use fenrun::Code;
    use fenrun::doc::read_json;

    #[test]
    fn styles_are_documents() {
        let read = |json: &str| Style::from_node(&read_json(json, 1000).unwrap());
        assert_eq!(read("{}").unwrap(), Style::default());
        let text = r#"{"format": "png", "correction": "high", "module": 64, "margin": 64}"#;
        let all = Style {
            format: Format::Png,
            correction: Correction::High,
            module: MAX_MODULE,
            margin: MAX_MARGIN,
        };
        assert_eq!(read(text).unwrap(), all);
        for (json, code, said) in [
            (r#"{"module": 0}"#, Code::InvalidValue, "a module of 0 dots; from 1 to 64"),
            (r#"{"module": 65}"#, Code::InvalidValue, "a module of 65 dots"),
            (r#"{"margin": 65}"#, Code::InvalidValue, "a margin of 65 modules; from 0 to 64"),
            (r#"{"margin": -1}"#, Code::InvalidValue, "a margin of -1 modules; from 0 to 64"),
            (r#"{"margin": 4294967296}"#, Code::InvalidValue, "a margin of 4294967296 modules; from 0 to 64"),
            (r#"{"module": -8}"#, Code::InvalidValue, "a module of -8 dots; from 1 to 64"),
            (r#"{"format": "gif"}"#, Code::UnknownWord, "svg, png"),
            (r#"{"correction": "M"}"#, Code::UnknownWord, "low, medium, quartile, high"),
            (r#"{"colour": "red"}"#, Code::UnknownKey, "colour"),
        ] {
            let error = read(json).unwrap_err();
            assert!(error.code() == code && error.message().contains(said), "{json}: {error}");
        }
    }
}
