//! Parts of a drawing. Lengths are whole tenths of the drawing's unit, so a page is the same on every
//! machine.

/// How wide a drawing is: charts with text in them are drawn once for a screen and once for a phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    Screen,
    Phone,
}

impl Width {
    /// In tenths.
    pub(super) const fn tenths(self) -> i64 {
        match self {
            Self::Screen => 8_000,
            Self::Phone => 3_440,
        }
    }
}

/// Both widths of a drawing; the page shows one.
pub(super) fn both_widths(draw: impl Fn(Width) -> String) -> String {
    let (screen, phone) = (draw(Width::Screen), draw(Width::Phone));
    format!("<div class=\"screen\">{screen}</div><div class=\"phone\">{phone}</div>")
}

/// A length: `12.5`.
pub(super) fn px(tenths: i64) -> String {
    let sign = if tenths < 0 { "-" } else { "" };
    let (whole, rest) = (tenths.unsigned_abs() / 10, tenths.unsigned_abs() % 10);
    if rest == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
}

/// A drawing of this size; `label` says to a screen reader what it shows.
pub(super) fn drawing(width: i64, height: i64, label: &str, body: &str) -> String {
    let (width, height) = (px(width), px(height));
    format!("<svg viewBox=\"0 0 {width} {height}\" role=\"img\" aria-label=\"{label}\">{body}</svg>")
}

/// A rectangle with a class and a tooltip, which may be empty.
pub(super) fn rect(class: &str, (x, y): (i64, i64), (width, height): (i64, i64), title: &str) -> String {
    let shape = format!(
        "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
        px(x),
        px(y),
        px(width),
        px(height)
    );
    if title.is_empty() { format!("{shape}/>") } else { format!("{shape}><title>{title}</title></rect>") }
}

/// A straight line.
pub(super) fn line(class: &str, (x1, y1): (i64, i64), (x2, y2): (i64, i64)) -> String {
    let (x1, y1, x2, y2) = (px(x1), px(y1), px(x2), px(y2));
    format!("<line class=\"{class}\" x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\"/>")
}

/// A text; `attributes` may hold a class, an anchor, a language.
pub(super) fn text(attributes: &str, (x, y): (i64, i64), content: &str) -> String {
    format!("<text {attributes} x=\"{}\" y=\"{}\">{content}</text>", px(x), px(y))
}

/// A text in both languages at one place.
pub(super) fn text_both(attributes: &str, at: (i64, i64), english: &str, chinese: &str) -> String {
    let part =
        |language: &str, content: &str| text(&format!("lang=\"{language}\" {attributes}"), at, content);
    format!("{}{}", part("en", english), part("zh", chinese))
}

/// A step between gridlines: 1, 2 or 5 times a power of ten, so that at most `most` steps reach `top`.
pub(super) fn grid_step(top: i64, most: i64) -> i64 {
    let mut power = 1_i64;
    loop {
        for factor in [1, 2, 5] {
            let step = power.saturating_mul(factor);
            if step.saturating_mul(most) >= top {
                return step;
            }
        }
        power = power.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_steps() {
        assert_eq!((px(125), px(-7), px(30)), ("12.5".into(), "-0.7".into(), "3".into()));
        for (top, step) in [(1, 1), (4, 1), (5, 2), (9_999, 5_000), (10_000, 5_000), (i64::MAX, i64::MAX)] {
            assert!(grid_step(top, 4) <= step, "{top}");
            assert!(grid_step(top, 4).saturating_mul(4) >= top);
        }
    }
}
