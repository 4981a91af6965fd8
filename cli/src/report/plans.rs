//! The page of `fenrun diff`: what changes between two plans, in pictures.

use super::svg::{Width, both_widths, drawing, line, rect, text, text_both};
use super::words::{amount, both, count, escape, ratio};
use super::{SCRIPT, STYLE, fill, number};
use fenrun::money::Currency;
use fenrun::reward::commission::{Language, Reason};
pub(crate) use fenrun::reward::compare::Difference;
use fenrun::reward::compare::{Comparison, Side};
use fenrun::reward::plan::Plan;

const TEMPLATE: &str = include_str!("../../templates/plans.html");
/// How many people the page lists.
const PEOPLE: usize = 15;
/// The most points of a curve.
const POINTS: usize = 240;

/// The whole page; `largest` are the differences to list, and it opens in the language that was asked for.
pub(crate) fn render(
    before: Option<&Plan>,
    after: &Plan,
    comparison: &Comparison,
    largest: &[Difference],
    language: Language,
) -> String {
    let page = Page { before, after, comparison, currency: after.currency() };
    let lang = if language == Language::Chinese { "zh" } else { "en" };
    let parts: [(&str, String); 14] = [
        ("lang", lang.to_owned()),
        ("style", STYLE.to_owned()),
        ("script", SCRIPT.to_owned()),
        ("title", page.title()),
        ("lead", page.lead()),
        ("kpis", page.kpis()),
        ("currency", page.currency.code().to_owned()),
        ("pool", page.pool()),
        ("people", page.people()),
        ("gains", page.gains()),
        ("causes", page.causes()),
        ("list", page.list(largest)),
        ("plans", page.plans()),
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
    ];
    fill(TEMPLATE, &parts)
}

struct Page<'a> {
    before: Option<&'a Plan>,
    after: &'a Plan,
    comparison: &'a Comparison,
    currency: Currency,
}

/// A part of both pools.
struct Part {
    class: &'static str,
    name: (String, String),
    before: i64,
    after: i64,
}

impl Page<'_> {
    fn amount(&self, minor: i64) -> String {
        amount(minor, self.currency)
    }

    /// An amount with its sign: `+2.50`.
    fn change(&self, minor: i64) -> String {
        let sign = if minor > 0 { "+" } else { "" };
        format!("{sign}{}", self.amount(minor))
    }

    fn names(&self) -> (String, String, String) {
        let own = self.before.map(|plan| escape(plan.name()));
        let (english, chinese) = (
            own.clone().unwrap_or_else(|| "the plans of the store".into()),
            own.unwrap_or_else(|| "库中各单的方案".into()),
        );
        (english, chinese, escape(self.after.name()))
    }

    fn title(&self) -> String {
        let (english, chinese, after) = self.names();
        format!("<span lang=\"en\">{english} → {after}</span><span lang=\"zh\">{chinese} → {after}</span>")
    }

    fn lead(&self) -> String {
        let comparison = self.comparison;
        let (english_all, chinese_all) = self.events();
        let apart = count(comparison.differing());
        let unit = if comparison.closes() == 0 { "笔" } else { "项" };
        let paid = comparison.after().paid - comparison.before().paid;
        let (more, less) = (self.amount(paid), self.amount(-paid));
        let (english, chinese) = match paid {
            0 => ("Members get the same in all.".to_owned(), "会员所得总额不变。".to_owned()),
            1.. => (format!("Members get {more} more in all."), format!("会员合计多得 {more}。")),
            _ => (format!("Members get {less} less in all."), format!("会员合计少得 {less}。")),
        };
        both(
            &format!("{english_all} settled under both plans; {apart} come to something else. {english}"),
            &format!("{chinese_all}分别按两个方案结算，其中 {apart} {unit}结果不同。{chinese}"),
        )
    }

    /// What was settled: orders, periods or both.
    fn events(&self) -> (String, String) {
        let (sales, closes) = (self.comparison.sales(), self.comparison.closes());
        let of = |number: u64, name: &str| {
            format!("{} {name}{}", count(number), if number == 1 { "" } else { "s" })
        };
        let orders = (of(sales, "order"), format!("{} 笔订单", count(sales)));
        let periods = (of(closes, "period"), format!("{} 个结算期", count(closes)));
        match (sales, closes) {
            (_, 0) => orders,
            (0, _) => periods,
            _ => (format!("{} and {}", orders.0, periods.0), format!("{}与{}", orders.1, periods.1)),
        }
    }

    /// What they are called where they are not counted.
    fn event(&self) -> (&'static str, &'static str) {
        match (self.comparison.sales(), self.comparison.closes()) {
            (_, 0) => ("order", "订单"),
            (0, _) => ("period", "结算期"),
            _ => ("order or period", "订单或结算期"),
        }
    }

    fn kpis(&self) -> String {
        let comparison = self.comparison;
        let gain = comparison.people().values().filter(|change| change.change() > 0).count();
        let lose = comparison.people().values().filter(|change| change.change() < 0).count();
        let (before, after) = (comparison.before(), comparison.after());
        let differ = match self.event() {
            ("order", _) => ("Orders that differ", "有差异的订单"),
            ("period", _) => ("Periods that differ", "有差异的结算期"),
            _ => ("Orders, periods that differ", "有差异的订单与结算期"),
        };
        let cards = [
            ("", ("Paid before", "原方案发放"), self.amount(before.paid)),
            ("", ("Paid after", "新方案发放"), self.amount(after.paid)),
            ("jade", ("Change", "变化"), self.change(after.paid - before.paid)),
            ("", differ, count(comparison.differing())),
            ("", ("Members who gain", "所得增加的会员"), number(gain)),
            ("", ("Members who lose", "所得减少的会员"), number(lose)),
        ];
        let card = |(class, name, value): (&str, (&str, &str), String)| {
            format!("<div class=\"kpi {class}\"><dt>{}</dt><dd>{value}</dd></div>", both(name.0, name.1))
        };
        cards.into_iter().map(card).collect()
    }

    fn parts(&self) -> Vec<Part> {
        let (before, after) = (self.comparison.before(), self.comparison.after());
        let paid = Part {
            class: "jade",
            name: ("Paid to members".into(), "发放给会员".into()),
            before: before.paid,
            after: after.paid,
        };
        let kept = Reason::ALL.iter().filter_map(|reason| {
            let of = |side: &Side| side.retained.get(reason).copied().unwrap_or(0);
            let (english, chinese) = (reason.sentence(Language::English), reason.sentence(Language::Chinese));
            let part = Part {
                class: "",
                name: (format!("Retained: {english}"), format!("留存：{chinese}")),
                before: of(before),
                after: of(after),
            };
            (part.before != 0 || part.after != 0).then_some(part)
        });
        // Neighbours in the bars differ.
        let classes = ["slate", "stone", "second"].into_iter().cycle();
        let kept = kept.zip(classes).map(|(part, class)| Part { class, ..part });
        [paid].into_iter().chain(kept).collect()
    }

    /// Both pools as bars of one scale, and every part with its change.
    fn pool(&self) -> String {
        let parts = self.parts();
        let (before, after) = (self.comparison.before().pool, self.comparison.after().pool);
        let most = before.max(after).max(1);
        let bars = both_widths(|width| {
            let left = if width == Width::Phone { 560 } else { 700 };
            let scale = |minor: i64| ratio(minor, most, width.tenths() - left);
            let mut body = String::new();
            for (y, name, side) in [(0, ("before", "原方案"), false), (480, ("after", "新方案"), true)]
            {
                body.push_str(&text_both("class=\"label end\"", (left - 110, y + 230), name.0, name.1));
                let mut sum = 0;
                for part in &parts {
                    let minor = if side { part.after } else { part.before };
                    let from = scale(sum);
                    sum += minor;
                    let long = scale(sum) - from;
                    if minor > 0 {
                        let title = format!("{} · {}", escape(&part.name.0), self.amount(minor));
                        body.push_str(&rect(part.class, (left + from, y), ((long - 20).max(5), 360), &title));
                    }
                }
            }
            drawing(width.tenths(), 840, "both pools by where they go", &body)
        });
        let row = |name: String, before: i64, after: i64, class: &str| {
            let change = after - before;
            let sign = match change.signum() {
                1 => "up",
                -1 => "down",
                _ => "",
            };
            format!(
                "<tr class=\"{class}\"><th>{name}</th><td>{}</td><td>{}</td><td class=\"{sign}\">{}</td></tr>",
                self.amount(before),
                self.amount(after),
                self.change(change)
            )
        };
        let mut rows: String = parts
            .iter()
            .map(|part| {
                let name =
                    format!("<i class=\"dot {}\"></i>{}", part.class, both(&part.name.0, &part.name.1));
                row(name, part.before, part.after, "")
            })
            .collect();
        rows.push_str(&row(both("Pool", "分润池"), before, after, "sum"));
        let head = [("before", "原"), ("after", "新"), ("change", "变化")];
        let head: String =
            head.iter().map(|(english, chinese)| format!("<th>{}</th>", both(english, chinese))).collect();
        format!(
            "{bars}<table class=\"parts sides\"><thead><tr><th></th>{head}</tr></thead><tbody>{rows}</tbody></table>"
        )
    }

    /// Everybody's change, from the largest gain to the largest loss.
    fn people(&self) -> String {
        let mut changes: Vec<i64> = self
            .comparison
            .people()
            .values()
            .map(|change| change.change())
            .filter(|change| *change != 0)
            .collect();
        if changes.is_empty() {
            return both("Nobody gets another amount.", "无人所得变化。");
        }
        changes.sort_unstable_by(|a, b| b.cmp(a));
        let (top, bottom) = (changes[0].max(0), changes[changes.len() - 1].min(0));
        both_widths(|width| {
            let (left, high) = (if width == Width::Phone { 640 } else { 900 }, 2_200);
            let wide = width.tenths() - left;
            // One scale from the largest gain to the largest loss.
            let y = |minor: i64| 100 + ratio(top - minor, top - bottom, high);
            let bars = changes.len().min(POINTS);
            let mut body = String::new();
            for (minor, class) in [(top, "grid"), (bottom, "grid"), (0, "axis")] {
                body.push_str(&line(class, (left, y(minor)), (width.tenths(), y(minor))));
                let label = self.change(minor);
                if minor != 0 || top == 0 || bottom == 0 || (y(0) - 200 > y(top) && y(0) + 200 < y(bottom)) {
                    body.push_str(&text("class=\"tick end\"", (left - 90, y(minor) + 40), &label));
                }
            }
            for bar in 0..bars {
                let change = changes[changes.len() * bar / bars];
                let at = |bar: usize| {
                    let part = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
                    left + ratio(part(bar), part(bars), wide)
                };
                let (class, from, to) =
                    if change > 0 { ("more", y(change), y(0)) } else { ("less", y(0), y(change)) };
                let gap = if bars > 80 { 0 } else { 12 };
                let size = (at(bar + 1) - at(bar) - gap, (to - from).max(4));
                body.push_str(&rect(class, (at(bar), from), size, &self.change(change)));
            }
            drawing(width.tenths(), high + 200, "everybody's change, gains first", &body)
        })
    }

    /// The people with the largest changes.
    fn gains(&self) -> String {
        let ranking = self.comparison.ranking();
        let shown = || ranking.iter().take(PEOPLE).map(|(_, change)| change.change());
        let (more, less) = (shown().max().unwrap_or(0).max(0), -shown().min().unwrap_or(0).min(0));
        // Losses stand left of the axis, gains right of it, to one scale.
        let axis = ratio(less, more + less, 4_000);
        let rows = ranking.iter().take(PEOPLE).map(|(id, change)| {
            let long = ratio(change.change().abs(), more + less, 4_000).max(20);
            let (class, x) = if change.change() > 0 { ("more", axis) } else { ("less", axis - long) };
            let bar = drawing(4_000, 180, "the change", &rect(class, (x.max(0), 30), (long, 130), ""));
            format!(
                "<tr><th>{}</th><td>{}</td><td>{}</td><td>{}</td><td>{bar}</td></tr>",
                escape(id.as_str()),
                self.amount(change.before),
                self.amount(change.after),
                self.change(change.change())
            )
        });
        let head = [("member", "会员"), ("before", "原"), ("after", "新"), ("change", "变化")];
        let head: String =
            head.iter().map(|(english, chinese)| format!("<th>{}</th>", both(english, chinese))).collect();
        let rows: String = rows.collect();
        format!(
            "<table class=\"people\"><thead><tr>{head}<th></th></tr></thead><tbody>{rows}</tbody></table>"
        )
    }

    /// What each cause gives and takes, to one scale.
    fn causes(&self) -> String {
        let causes: Vec<_> = self.comparison.causes().iter().collect();
        let more = causes.iter().map(|(_, sum)| sum.more).max().unwrap_or(0);
        let less = causes.iter().map(|(_, sum)| sum.less).max().unwrap_or(0);
        if more + less == 0 {
            return both("There is nothing to explain.", "没有需要解释的差异。");
        }
        both_widths(|width| {
            let room = width.tenths() - 1_800;
            // The axis stands where both the longest gain and the longest loss have room.
            let axis = 900 + ratio(less, more + less, room);
            let scale = |minor: i64| ratio(minor, more + less, room);
            let mut body = String::new();
            for (at, (cause, sum)) in (0..).zip(&causes) {
                let y = at * 480;
                body.push_str(&text_both("class=\"label\"", (0, y + 110), cause.english(), cause.chinese()));
                if sum.more > 0 {
                    let long = scale(sum.more).max(5);
                    body.push_str(&rect("more", (axis, y + 170), (long, 150), ""));
                    let place = (axis + long + 60, y + 290);
                    body.push_str(&text("class=\"label number\"", place, &self.change(sum.more)));
                }
                if sum.less > 0 {
                    let long = scale(sum.less).max(5);
                    body.push_str(&rect("less", (axis - long, y + 170), (long, 150), ""));
                    let place = (axis - long - 60, y + 290);
                    body.push_str(&text("class=\"label number end\"", place, &self.change(-sum.less)));
                }
            }
            let rows = i64::try_from(causes.len()).unwrap_or(0);
            body.push_str(&line("axis", (axis, 0), (axis, rows * 480 - 80)));
            drawing(width.tenths(), rows * 480 - 60, "what each cause gives and takes", &body)
        })
    }

    /// Single differences with their reason.
    fn list(&self, largest: &[Difference]) -> String {
        let row = |difference: &Difference| {
            let (english, chinese) =
                (difference.explain(Language::English), difference.explain(Language::Chinese));
            let class = if difference.change() > 0 { "up" } else { "down" };
            format!(
                "<tr><th>{}</th><td>{}</td><td>{} → {}</td><td class=\"{class}\">{}</td><td class=\"why\">{}</td></tr>",
                escape(&difference.event.to_string()),
                escape(difference.payee.as_str()),
                self.amount(difference.before),
                self.amount(difference.after),
                self.change(difference.change()),
                both(&english, &chinese)
            )
        };
        let rows: String = largest.iter().map(row).collect();
        let event = self.event();
        let head = |class: &str, english: &str, chinese: &str| {
            format!("<th class=\"{class}\">{}</th>", both(english, chinese))
        };
        let head = [
            head("", event.0, event.1),
            head("end", "member", "会员"),
            head("end", "before → after", "原 → 新"),
            head("end", "change", "变化"),
            head("why", "", ""),
        ];
        format!(
            "<table class=\"list\"><thead><tr>{}</tr></thead><tbody>{rows}</tbody></table>",
            head.concat()
        )
    }

    /// What both plans may pay, and their texts.
    fn plans(&self) -> String {
        let shown = |plan: &Plan| {
            let allowed: String = plan
                .allow()
                .iter()
                .map(|(id, reason)| format!("<p>allow {}: {}</p>", escape(id), escape(reason)))
                .collect();
            let text = escape(&plan.to_node().to_json_pretty());
            format!("<div><p>{}<br>{}</p>{allowed}<pre>{text}</pre></div>", escape(plan.name()), plan.hash())
        };
        self.before.into_iter().chain([self.after]).map(shown).collect()
    }
}
