//! An order's log in sentences: one line an event, and how the order stands, for the people who are asked.

mod sentence;

use super::command::Tenant;
use super::event::Event;
use super::life::Trigger;
use super::placement::{PlacedLine, Placement};
use super::state::{Deadline, LineLeft, LineState, Order};
use super::status::{Payment, Refund};
use crate::Language;
use crate::doc::Node;
use crate::error::{Code, Error, Result};
use crate::id::OrderId;
use crate::money::{Currency, Money};
use sentence::Sentence;

/// What happened to an order and how it stands, in one language.
///
/// ```
/// use fenrun::{Language, trade::order::{Explanation, OrderStream}};
/// let mut stream = OrderStream::new("", "1")?;
/// stream.handle_json(r#"{"order_id": "1", "command_id": "c1", "now": 0, "actor": "shop", "command":
///     {"place": {"currency": "CNY", "lines": [{"id": 1, "units": 2, "paid": 10000}]}}}"#)?;
/// let told = Explanation::of(stream.events(), Language::English)?;
/// let placed = "1 · 1970-01-01T00:00:00.000Z · shop: placed line 1 ×2; to pay 100.00 CNY → Pending payment";
/// assert_eq!(told.events, [placed]);
/// # Ok::<(), fenrun::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The tenant and the order.
    pub order: (Tenant, OrderId),
    /// One line for each event: its place, when, who asked, what happened, where it led.
    pub events: Vec<String>,
    /// How the order stands: its statuses and sums, then its lines, cases and timers.
    pub standing: Vec<String>,
}

impl Explanation {
    /// Explains a log, from its first event on.
    ///
    /// # Errors
    /// [`Code::InvalidEvent`] for an empty log, or when an event cannot follow on those before it.
    pub fn of(events: &[Event], language: Language) -> Result<Self> {
        let Some(first) = events.first() else {
            return Err(Error::new(Code::InvalidEvent, "an empty log names no order"));
        };
        let mut order = Order::draft(first.header.tenant.clone(), first.header.order_id.clone());
        let mut lines = Vec::with_capacity(events.len());
        for event in events {
            let before = order.life();
            order.apply(event)?;
            let words = words(&order, language);
            let mut text = Sentence { words, after: &order }.of(&event.data);
            if order.life() != before {
                text = format!("{text} → {}", order.life().display(language));
            }
            let (seq, at, actor) = (event.seq, event.header.at, &event.header.actor);
            lines.push(format!("{seq} · {at} · {actor}{}{text}", words.say(": ", "：")));
        }
        let standing = standing(&order, words(&order, language));
        Ok(Self { order: (order.tenant().clone(), order.id().clone()), events: lines, standing })
    }

    /// The explanation as a document.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let list = |lines: &[String]| Node::List(lines.iter().map(|line| line.as_str().into()).collect());
        let (tenant, order) = &self.order;
        Node::map([
            ("tenant", tenant.as_str().into()),
            ("order_id", order.into()),
            ("events", list(&self.events)),
            ("standing", list(&self.standing)),
        ])
    }
}

/// How amounts and words are written.
#[derive(Clone, Copy)]
struct Words {
    language: Language,
    currency: Currency,
}

/// Every event but the first follows on a placement, which names the currency.
fn words(order: &Order, language: Language) -> Words {
    Words { language, currency: order.currency().unwrap_or(Currency::CNY) }
}

impl Words {
    const fn say(self, english: &'static str, chinese: &'static str) -> &'static str {
        match self.language {
            Language::English => english,
            Language::Chinese => chinese,
        }
    }

    fn money(self, minor: i64) -> String {
        Money::new(minor, self.currency).to_string()
    }

    /// Parts one after the other.
    fn list(self, parts: &[String]) -> String {
        parts.join(self.say(", ", "，"))
    }
}

fn standing(order: &Order, words: Words) -> Vec<String> {
    let mut lines = vec![statuses(order, words), sums(order, words)];
    let sold = order.placement().map_or(&[][..], Placement::lines);
    lines.extend(
        sold.iter()
            .zip(order.lines())
            .zip(order.left())
            .map(|((sold, line), left)| line_text(sold, line, &left, words)),
    );
    lines.extend(order.cases().iter().map(|(id, case)| {
        let (kind, stage) = (case.kind.display(words.language), case.stage.display(words.language));
        let promised = match case.replacement.is_open() {
            true => format!(" · {}", case.replacement.display(words.language)),
            false => String::new(),
        };
        let (case, colon) = (words.say("case", "售后"), words.say(": ", "："));
        format!("{case} {id}{colon}{kind} · {stage}{promised}")
    }));
    lines.extend(order.deadlines().iter().map(|deadline| until(deadline, words)));
    lines
}

/// What happens when a time is over.
fn until(deadline: &Deadline, words: Words) -> String {
    let at = deadline.at;
    let (english, chinese) = match deadline.kind {
        Trigger::PayBy => (format!("to be paid by {at}"), format!("须在 {at} 前支付")),
        Trigger::AutoReceive => (format!("counts as received from {at} on"), format!("{at} 起视为已收货")),
        Trigger::ReturnBy => (format!("goods are to come back by {at}"), format!("退货须在 {at} 前寄出")),
        Trigger::WindowOver => {
            (format!("the after-sale window is over at {at}"), format!("售后期至 {at} 为止"))
        }
        other => (format!("{} at {at}", other.english()), format!("{at} {}", other.chinese())),
    };
    match words.language {
        Language::English => english,
        Language::Chinese => chinese,
    }
}

fn statuses(order: &Order, words: Words) -> String {
    let language = words.language;
    let mut parts = vec![
        order.life().display(language).to_owned(),
        Payment::of(order).display(language).to_owned(),
        Refund::of(order).display(language).to_owned(),
    ];
    if let Some(reason) = order.held() {
        parts.push(format!("{} ({:?})", words.say("on hold", "挂起"), reason.as_str()));
    }
    format!("{}{}", words.say("now: ", "现状："), parts.join(" · "))
}

/// Every sum that is not zero, the total always.
fn sums(order: &Order, words: Words) -> String {
    // What was captured may still stand authorized at the provider; it tells nobody anything then.
    let authorized = if order.life().awaits_money() { order.authorized() } else { 0 };
    // Where more went out than came in, the claim says so.
    let missing = if order.receivable() == 0 { order.missing() } else { 0 };
    let sums = [
        (words.say("paid", "已付"), order.captured()),
        (words.say("authorized", "已授权"), authorized),
        (words.say("refunds to be paid out", "待退款"), order.refunds_open()),
        (words.say("refunded", "已退款"), order.refunded()),
        (words.say("charged back", "被拒付"), order.charged_back()),
        (words.say("still to pay", "尚欠"), order.owed()),
        (words.say("went back and is missing", "被追走未补"), missing),
        (words.say("to be claimed back", "应追回"), order.receivable()),
    ];
    let total = (words.say("total", "总额"), order.total());
    let shown = std::iter::once(total).chain(sums.into_iter().filter(|(_, minor)| *minor != 0));
    shown.map(|(name, minor)| format!("{name} {}", words.money(minor))).collect::<Vec<_>>().join(" · ")
}

/// Every count of a line that is not zero, and what is left of its net, as commission is kept on it.
fn line_text(sold: &PlacedLine, line: &LineState, left: &LineLeft, words: Words) -> String {
    let counts = [
        (words.say("ordered", "订购"), line.ordered),
        (words.say("cancelled", "取消"), line.cancelled),
        (words.say("shipped", "发货"), line.shipped),
        (words.say("delivered", "收货"), line.delivered),
        (words.say("lost", "丢失"), line.lost),
        (words.say("refunded", "退款"), line.refunded),
        (words.say("came back", "退回"), line.returned_ok + line.returned_damaged),
        (words.say("exchanged", "换货"), line.exchanged),
    ];
    let counts = counts.into_iter().filter(|(_, units)| *units != 0);
    let counts: Vec<String> = counts.map(|(name, units)| format!("{name} {units}")).collect();
    let left = format!("{} {}", words.say("left", "剩余"), words.money(left.net_left));
    let (line, colon) = (words.say("line", "明细"), words.say(": ", "："));
    format!("{line} {}{colon}{} · {left}", sold.id, counts.join(" · "))
}
