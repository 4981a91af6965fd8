//! Turnover and commission, week by week.

use super::svg::{Width, both_widths, drawing, grid_step, line, px, rect, text, text_both};
use super::words::{amount, ratio};
use crate::demo::Week;
use crate::output::grouped;
use fenrun::money::Currency;
use fenrun::time::civil_from_days;

/// Left of the bars: room for the numbers of the grid.
const MARGIN: i64 = 560;
/// Above each panel: room for its name.
const HEAD: i64 = 460;
const PANEL: i64 = 1_400;
/// The room a month's name takes.
const LABEL: i64 = 560;
/// Below the panels: room for months.
const FOOT: i64 = 260;

/// Two panels over one axis of time.
pub(super) fn weekly(weeks: &[Week], currency: Currency) -> String {
    both_widths(|width| draw(weeks, currency, width))
}

fn draw(weeks: &[Week], currency: Currency, width: Width) -> String {
    let height = 2 * (HEAD + PANEL) + FOOT;
    let plot = Plot { left: MARGIN, right: width.tenths(), weeks, currency };
    let mut body = plot.panel(0, "slate", ("Turnover a week", "每周成交额"), |week| week.turnover);
    let second = ("Commission allocated a week", "每周分配佣金");
    body.push_str(&plot.panel(HEAD + PANEL, "jade", second, |week| week.commission));
    body.push_str(&plot.months(height, width));
    drawing(width.tenths(), height, "turnover and commission by week", &body)
}

struct Plot<'a> {
    left: i64,
    right: i64,
    weeks: &'a [Week],
    currency: Currency,
}

impl Plot<'_> {
    fn panel(&self, top: i64, class: &str, name: (&str, &str), value: impl Fn(&Week) -> i64) -> String {
        let base = top + HEAD + PANEL;
        let unit = 10_i64.pow(u32::from(self.currency.exponent()));
        let most = self.weeks.iter().map(&value).max().unwrap_or(0).max(unit);
        let step = grid_step(most / unit + 1, 4) * unit;
        let mut body = text_both("class=\"name\"", (0, top + 260), name.0, name.1);
        for mark in 0..=most / step {
            let y = base - ratio(mark * step, most, PANEL);
            let class = if mark == 0 { "axis" } else { "grid" };
            body.push_str(&line(class, (self.left, y), (self.right, y)));
            body.push_str(&text(
                "class=\"tick end\"",
                (self.left - 80, y + 40),
                &grouped(mark * step / unit),
            ));
        }
        for (at, week) in self.weeks.iter().enumerate() {
            let (from, to) = (self.x(at) + 6, self.x(at + 1) - 6);
            let tall = ratio(value(week), most, PANEL);
            let (year, month, day) = civil_from_days(week.monday);
            let title = format!("{year}-{month:02}-{day:02} … {}", amount(value(week), self.currency));
            let partial = if at == 0 || at + 1 == self.weeks.len() { " partial" } else { "" };
            let class = format!("{class}{partial}");
            body.push_str(&rect(&class, (from, base - tall), ((to - from).max(5), tall), &title));
        }
        body
    }

    fn x(&self, week: usize) -> i64 {
        let at = i64::try_from(week).unwrap_or(0);
        let all = i64::try_from(self.weeks.len()).unwrap_or(1).max(1);
        self.left + (self.right - self.left) * at / all
    }

    /// Quarters by their first month.
    fn months(&self, height: i64, width: Width) -> String {
        let mut body = String::new();
        let mut last = None;
        let every = if width == Width::Phone { 6 } else { 3 };
        for (at, week) in self.weeks.iter().enumerate() {
            // The week's Thursday says which month it belongs to.
            let (year, month, _) = civil_from_days(week.monday + 3);
            if last == Some(month) || (month - 1) % every != 0 {
                continue;
            }
            last = Some(month);
            let english =
                ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
            let english = usize::try_from(month - 1).ok().and_then(|at| english.get(at)).unwrap_or(&"");
            let (x, y) = (self.x(at), height - 60);
            if x + LABEL > self.right {
                continue;
            }
            body.push_str(&text_both(
                "class=\"tick\"",
                (x, y),
                &format!("{english} {year}"),
                &format!("{year}年{month}月"),
            ));
            body.push_str(&format!("<path class=\"axis\" d=\"M{} {}v6\"/>", px(x), px(height - FOOT)));
        }
        body
    }
}
