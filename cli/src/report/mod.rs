//! The pages: what the demo writes, and what changes between two plans. Each is one file, no network, two
//! languages, light and dark.
//!
//! The demo's numbers come from [`Figures`], which were read back from the store; this module only draws.

mod bars;
mod below;
mod checks;
mod lead;
mod lorenz;
mod plans;
mod svg;
mod tree;
mod weekly;
mod words;

use crate::demo::{Earner, Equation, Figures, Run};
use crate::output::tenths;
use bars::{Part, Step, funnel, parts};
use below::{Below, Stop};
use fenrun::counted;
use fenrun::money::Currency;
use fenrun::reward::commission::{Language, Reason};
use lorenz::{Spread, lorenz};
use tree::{Person, tree};
use words::{amount, both, count, escape, per_cent};

pub(crate) use plans::{Difference, render as render_plans};

const TEMPLATE: &str = include_str!("../../templates/report.html");
/// What all pages look like.
const STYLE: &str = include_str!("../../templates/style.css");
/// Chooses between the languages.
const SCRIPT: &str = include_str!("../../templates/language.js");

/// The whole page.
pub(crate) fn render(run: &Run<'_>, figures: &Figures) -> String {
    let page = Page { run, figures, currency: run.shop.plan.currency() };
    let parts: [(&str, String); 19] = [
        ("style", STYLE.to_owned()),
        ("script", SCRIPT.to_owned()),
        ("orders", count(figures.orders)),
        ("purchases", counted(count(figures.orders), "purchase")),
        ("lead", lead::lead(run)),
        ("currency", page.currency.code().to_owned()),
        ("kpis", page.kpis()),
        ("pool", page.pool()),
        ("pool-after", page.pool_after()),
        ("weekly", weekly::weekly(&figures.weeks, page.currency)),
        ("funnel", page.funnel()),
        ("lorenz", page.lorenz()),
        ("tree", page.tree()),
        ("equations", page.equations()),
        ("checks", checks::checks(run.verified.checks())),
        ("model", page.model()),
        ("plan", escape(crate::demo::PLAN)),
        ("run", page.machine()),
        ("version", env!("CARGO_PKG_VERSION").to_owned()),
    ];
    fill(TEMPLATE, &parts)
}

/// Puts the parts at their `{{names}}`, in one pass so that no part is searched for names.
fn fill(template: &str, parts: &[(&str, String)]) -> String {
    let mut pieces = template.split("{{");
    let mut page = pieces.next().unwrap_or("").to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once("}}").unwrap_or((piece, ""));
        page.extend(parts.iter().filter(|(known, _)| *known == name).map(|(_, part)| part.as_str()));
        page.push_str(rest);
    }
    page
}

struct Page<'a> {
    run: &'a Run<'a>,
    figures: &'a Figures,
    currency: Currency,
}

impl Page<'_> {
    fn amount(&self, minor: i64) -> String {
        amount(minor, self.currency)
    }

    fn kpis(&self) -> String {
        let figures = self.figures;
        let cards = [
            ("", ("Orders", "订单"), count(figures.orders)),
            ("", ("Turnover", "成交额"), self.amount(figures.turnover)),
            ("jade", ("Commission that stands", "现存佣金"), self.amount(figures.standing())),
            ("", ("Retained by the shop", "商城留存"), self.amount(figures.kept)),
            ("", ("Refunded to buyers", "退款"), self.amount(figures.refunded)),
            ("", ("Members paid", "获佣会员"), number(figures.earners.len())),
        ];
        let card = |(class, name, value): (&str, (&str, &str), String)| {
            format!("<div class=\"kpi {class}\"><dt>{}</dt><dd>{value}</dd></div>", both(name.0, name.1))
        };
        cards.into_iter().map(card).collect()
    }

    /// The pool: what each level got, and what nobody got by reason.
    fn pool(&self) -> String {
        let level = |(nth, level): (&u32, &crate::demo::Level)| {
            let rows = count(level.rows);
            Part {
                class: if *nth == 1 { "jade" } else { "second" },
                name: (format!("Level {nth}"), format!("第 {nth} 级")),
                minor: level.minor,
                amount: self.amount(level.minor),
                remark: (format!("paid in {}", counted(&rows, "row")), format!("共 {rows} 笔")),
            }
        };
        let retained = |(reason, minor): (Reason, i64)| Part {
            class: if reason == Reason::NoUpline { "stone" } else { "slate" },
            name: ("Retained".into(), "留存".into()),
            minor,
            amount: self.amount(minor),
            remark: (reason.sentence(Language::English).into(), reason.sentence(Language::Chinese).into()),
        };
        let paid = self.figures.levels.iter().map(level);
        parts(&paid.chain(self.figures.reasons().map(retained)).collect::<Vec<_>>())
    }

    fn pool_after(&self) -> String {
        let figures = self.figures;
        let (pool, back) = (self.amount(figures.pool), self.amount(-figures.reversed));
        let (rows, stands) = (count(figures.reversal_rows), self.amount(figures.standing()));
        let in_rows = counted(&rows, "row");
        let (less, kept) = (self.amount(figures.retained_sum() - figures.kept), self.amount(figures.kept));
        both(
            &format!(
                "The pool was {pool}. Refunds took {back} back from members in {in_rows}, and {less} off what was \
                 retained. Now {stands} stands for members and {kept} stays with the shop."
            ),
            &format!(
                "分润池共 {pool}。退款以 {rows} 笔向会员冲回 {back}，留存减少 {less}。现在会员现存 {stands}，商城留存 {kept}。"
            ),
        )
    }

    fn funnel(&self) -> String {
        let event = |name: &str| self.figures.events.get(name).copied().unwrap_or(0);
        // Nothing is captured for an order of nothing: it is paid when it is placed.
        let free = self.run.purchases.iter().filter(|purchase| purchase.minor == 0).count();
        let free = u64::try_from(free).unwrap_or(0);
        let (before, after) = (self.run.shop.refunds.before, self.run.shop.refunds.after);
        let step = |class, english, chinese, orders| Step { class, name: (english, chinese), orders };
        funnel(&[
            step("jade", "placed", "下单", event("order_placed")),
            step("jade", "paid", "支付", event("payment_captured") + free),
            step("jade", "shipped", "发货", event("goods_shipped")),
            step("jade", "received", "收货", event("goods_delivered")),
            step("ochre", "refunded in part", "部分退款", before),
            step("jade", "completed", "完成", event("order_completed")),
            step("jade", "settled", "结算", self.figures.confirmed),
            step("ochre", "refunded later", "结算后退款", after),
        ])
    }

    /// Nothing while nobody earned.
    fn lorenz(&self) -> String {
        if self.figures.earners.is_empty() {
            return String::new();
        }
        let holdings = || self.figures.earners.iter().map(|earner| earner.minor);
        let earners = Spread::new(holdings(), 0);
        let others = self.run.world.forest.len().saturating_sub(earners.people());
        let everybody = Spread::new(holdings(), others);
        let row = |class: &str, english: &str, chinese: &str, spread: &Spread| {
            let half = spread.half_held_by();
            let half = format!("{}.{}%", half / 10, half % 10);
            let people = number(spread.people());
            let held = both(&format!("the top {half} hold half"), &format!("前 {half} 的人占一半"));
            format!(
                "<div class=\"gini\"><b>{}</b><span><i class=\"stroke {class}\"></i>{}<small>{people} · {held}</small></span></div>",
                spread.gini(),
                both(english, chinese)
            )
        };
        let heading = both("How evenly commission is spread", "佣金分布的均匀程度");
        let caption = both(
            "Members from the least to the most paid, and the share of all standing commission they hold together. On \
             the dashed line everybody would hold the same.",
            "会员按所得佣金从少到多排列，曲线为其累计占比。虚线表示人人相同。",
        );
        format!(
            "<section><h2>{heading}</h2><p class=\"caption\">{caption}</p><div class=\"split\"><div \
             class=\"square\">{}</div><div><p class=\"gini-head\">{}</p>{}{}</div></div></section>",
            lorenz(&earners, &everybody),
            both("Gini coefficient", "基尼系数"),
            row("curve", "members who earned", "有佣金的会员", &earners),
            row("everybody", "all customers", "全部顾客", &everybody)
        )
    }

    /// Nothing while nobody earned.
    fn tree(&self) -> String {
        let Some(top) = self.figures.earners.first() else { return String::new() };
        let below = Below::of(&self.run.world.forest, top.customer);
        let person = |stop: &Stop| Person {
            name: stop.customer.to_string(),
            inviter: stop.inviter,
            depth: stop.depth,
            minor: self.figures.from.get(&stop.customer).copied().unwrap_or(0),
        };
        let people: Vec<Person> = below.shown.iter().map(person).collect();
        let heading = both("Under the top distributor", "佣金最高的分销员之下");
        let caption = self.tree_caption(&people, top, below.all);
        let drawn = tree(&people, self.currency);
        format!("<section><h2>{heading}</h2><p class=\"caption\">{caption}</p>{drawn}</section>")
    }

    fn tree_caption(&self, people: &[Person], top: &Earner, all: usize) -> String {
        let ring = |depth: usize| number(people.iter().filter(|person| person.depth == depth).count());
        let (first, second, all) = (ring(1), ring(2), number(all));
        let [inner, outer, below] = [&first, &second, &all].map(|people| counted(people, "person"));
        let (name, earned) = (top.customer, self.amount(top.minor));
        let most = people.iter().skip(1).max_by_key(|person| person.minor);
        let (by, most) = most.map_or(("", 0), |person| (person.name.as_str(), person.minor));
        let most = self.amount(most);
        both(
            &format!(
                "Customer {name} earned most, {earned} {}, of which {most} came from what customer {by} bought. The \
                 inner ring is the {inner} they invited, the next the {outer} those invited; a dot's area is what that \
                 person's purchases brought, hollow for nothing. In all, customer {name} has {below} below; \
                 for what the outermost ring and those beyond it buy, this plan pays customer {name} nothing.",
                self.currency
            ),
            &format!(
                "顾客 {name} 获佣最多，共 {earned} {}，其中 {most} 来自顾客 {by} 的购买。最内圈是其直接邀请的 {first} 人，第二圈是\
                 这些人邀请的 {second} 人；圆点面积表示此人的购买带来的佣金，空心为零。下方共 {all} 人，最外圈及更远处本方案不再计佣。",
                self.currency
            ),
        )
    }

    fn equations(&self) -> String {
        let row = |Equation { text, chinese, left, right }: Equation| {
            let (class, sign) = if left == right { ("ok", "=") } else { ("broken", "≠") };
            format!(
                "<tr class=\"{class}\"><th>{}</th><td>{}</td><td class=\"sign\">{sign}</td><td>{}</td></tr>",
                both(text, chinese),
                self.amount(left),
                self.amount(right)
            )
        };
        self.figures.equations(self.run.purchases).into_iter().map(row).collect()
    }

    fn model(&self) -> String {
        let world = self.run.world;
        let (alone, by) = (world.growth.alone(), world.growth.preferential());
        let (distributors, refunds, seed) = (world.distributors, world.refunds.share(), world.seed);
        both(
            &format!(
                "At the first purchase a customer joins alone with a chance of {alone}. Otherwise an earlier customer \
                 has invited them: with a chance of {by} drawn by the weight 1 + number already invited, else drawn \
                 with equal weight. {distributors} of customers are distributors, drawn alike. {refunds} of \
                 purchases are refunded in part, half before settlement and half after. Seed {seed}."
            ),
            &format!(
                "顾客首次购买时，以 {alone} 的概率无上级；否则由较早的顾客邀请：以 {by} 的概率按“1 + 已邀请人数”加权抽取，\
                 其余等概率抽取。{distributors} 的顾客是分销员，等概率抽取。{refunds} 的购买发生部分退款，结算前后各半。随机种子 {seed}。"
            ),
        )
    }

    fn machine(&self) -> String {
        let seconds = tenths(i64::try_from(self.run.took.as_millis()).unwrap_or(i64::MAX), 1000);
        let speed = count(self.run.speed(self.figures));
        let orders = counted(&speed, "order");
        let size = tenths(i64::try_from(self.run.size).unwrap_or(i64::MAX), 1_000_000);
        let share = per_cent(self.figures.refunded, self.figures.turnover);
        both(
            &format!(
                "{orders} a second, {seconds} s for all; a database of {size} MB, committed up to 500 purchases at a \
                 time. {share} of turnover was refunded."
            ),
            &format!(
                "每秒 {speed} 单，共 {seconds} 秒；数据库 {size} MB，每次最多提交 500 笔购买。退款占成交额 {share}。"
            ),
        )
    }
}

fn number(value: usize) -> String {
    count(u64::try_from(value).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn a_template_is_filled_once() {
        let parts = [("a", "{{b}}".to_owned()), ("b", "2".to_owned())];
        assert_eq!(fill("<{{a}}|{{b}}|{{c}}>", &parts), "<{{b}}|2|>");
        assert_eq!(fill("plain", &parts), "plain");
    }
}
