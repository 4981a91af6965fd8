//! Horizontal bars: where the pool went, and how far orders came.

use super::svg::{Width, both_widths, drawing, rect, text, text_both};
use super::words::{both, count, per_cent, ratio};

/// A part of a whole.
pub(super) struct Part {
    /// The class of its colour.
    pub(super) class: &'static str,
    /// Its name in both languages.
    pub(super) name: (String, String),
    /// Minor units.
    pub(super) minor: i64,
    /// The amount as text.
    pub(super) amount: String,
    /// A remark in both languages.
    pub(super) remark: (String, String),
}

/// One bar of all parts, and a row of the table below for each.
pub(super) fn parts(parts: &[Part]) -> String {
    let whole: i64 = parts.iter().map(|part| part.minor).sum();
    let bar = both_widths(|width| {
        let mut body = String::new();
        let (mut from, mut sum) = (0, 0);
        for part in parts {
            sum += part.minor;
            let to = ratio(sum, whole, width.tenths());
            let title = format!("{} {}", part.amount, per_cent(part.minor, whole));
            body.push_str(&rect(part.class, (from, 0), ((to - from - 20).max(5), 360), &title));
            from = to;
        }
        drawing(width.tenths(), 360, "the pool by where it went", &body)
    });
    let row = |part: &Part| {
        format!(
            "<tr><th><i class=\"dot {}\"></i>{}<small>{}</small></th><td>{}</td><td>{}</td></tr>",
            part.class,
            both(&part.name.0, &part.name.1),
            both(&part.remark.0, &part.remark.1),
            part.amount,
            per_cent(part.minor, whole)
        )
    };
    let rows: String = parts.iter().map(row).collect();
    format!("{bar}<table class=\"parts\">{rows}</table>")
}

/// A step of the funnel.
pub(super) struct Step {
    /// The class of its colour; refunds have another one.
    pub(super) class: &'static str,
    /// Its name in both languages.
    pub(super) name: (&'static str, &'static str),
    /// How many orders.
    pub(super) orders: u64,
}

const ROW: i64 = 310;
const BAR: i64 = 130;

/// The funnel: one row a step, all to one scale.
pub(super) fn funnel(steps: &[Step]) -> String {
    let wide = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let most = steps.iter().map(|step| wide(step.orders)).max().unwrap_or(1).max(1);
    let rows = i64::try_from(steps.len()).unwrap_or(0);
    both_widths(|width| {
        let left = if width == Width::Phone { 1_200 } else { 1_350 };
        let right = width.tenths() - 640;
        let mut body = String::new();
        for (at, step) in (0..).zip(steps) {
            let y = at * ROW;
            let long = ratio(wide(step.orders), most, right - left).max(15);
            body.push_str(&text_both("class=\"label end\"", (left - 110, y + 110), step.name.0, step.name.1));
            body.push_str(&rect(step.class, (left, y), (long, BAR), ""));
            let place = (left + long + 90, y + 110);
            body.push_str(&text("class=\"label number\"", place, &count(step.orders)));
        }
        drawing(width.tenths(), rows * ROW - (ROW - BAR), "orders by how far they came", &body)
    })
}
