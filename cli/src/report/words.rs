//! Text in two languages, and numbers.

use crate::output::grouped;
use fenrun::money::{Currency, Money};

/// A text in English and Chinese; the page shows one of them.
pub(super) fn both(english: &str, chinese: &str) -> String {
    format!("<span lang=\"en\">{}</span><span lang=\"zh\">{}</span>", escape(english), escape(chinese))
}

/// Text as HTML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// An amount without its currency, thousands apart: `2,500,315.63`.
pub(super) fn amount(minor: i64, currency: Currency) -> String {
    let text = Money::new(minor, currency).to_decimal();
    let digits = text.trim_start_matches('-');
    let (whole, decimals) =
        digits.split_once('.').map_or((digits, None), |(whole, rest)| (whole, Some(rest)));
    let whole = whole.parse().map_or_else(|_| whole.to_owned(), grouped);
    let sign = if minor < 0 { "−" } else { "" };
    decimals.map_or_else(|| format!("{sign}{whole}"), |decimals| format!("{sign}{whole}.{decimals}"))
}

/// A count with its thousands apart.
pub(super) fn count(value: u64) -> String {
    grouped(i64::try_from(value).unwrap_or(i64::MAX))
}

/// `part` of `whole` in per cent with one decimal, rounded half away from zero.
pub(super) fn per_cent(part: i64, whole: i64) -> String {
    let permille = ratio(part, whole, 1000);
    format!("{}.{}%", permille / 10, permille % 10)
}

/// `part · scale / whole`, rounded half away from zero; 0 of nothing. All at or above zero.
pub(super) fn ratio(part: i64, whole: i64, scale: i64) -> i64 {
    let (part, whole, scale) = (i128::from(part), i128::from(whole), i128::from(scale));
    if whole == 0 {
        return 0;
    }
    i64::try_from((2 * part * scale + whole) / (2 * whole)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people() {
        assert_eq!(amount(250_031_563, Currency::USD), "2,500,315.63");
        assert_eq!(amount(-5, Currency::USD), "−0.05");
        assert_eq!(amount(-1234, Currency::JPY), "−1,234");
        assert_eq!(per_cent(1, 3), "33.3%");
        assert_eq!(per_cent(0, 0), "0.0%");
        assert_eq!(ratio(1, 2, 1), 1);
        assert_eq!(both("a < b", "“x”"), "<span lang=\"en\">a &lt; b</span><span lang=\"zh\">“x”</span>");
    }
}
