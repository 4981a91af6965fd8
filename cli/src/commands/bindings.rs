//! `fenrun bindings`: who invited a member, and why that changed.

use crate::args::BindingsArgs;
use crate::output::{Console, Ending};
use crate::table::Clock;
use fenrun::doc::Node;
use fenrun::id::MemberId;
use fenrun::reward::binding::{BindingEvent, Stage, What, Why};
use fenrun::reward::commission::Language;
use fenrun::time::Timestamp;
use fenrun::{Code, Error, Result};
use fenrun_store::{Store, StoredBindingEvent, Tenant};

/// An inviter, or nobody, from when on.
type Inviter = (Timestamp, Option<MemberId>);

pub(crate) fn run(args: &BindingsArgs, console: &Console) -> Result<Ending> {
    let clock = Clock { unit: None, zone: args.time_zone };
    let (tenant, member) = (Tenant::new(&args.tenant)?, MemberId::new(&args.member)?);
    let store = Store::open_to_read(&args.file)?;
    let inviters = store.inviters(&tenant, &member)?;
    let events = store.binding_history(&tenant, &member)?;
    if inviters.is_empty() && events.is_empty() {
        let rule = format!("{}: nothing is on record of who invited member {member}", args.file.display());
        return Err(Error::new(Code::NotFound, rule));
    }
    let language = args.lang.into();
    console
        .answer(|| document(&member, &inviters, &events), || text(&inviters, &events, &clock, language))?;
    Ok(Ending::Fine)
}

fn document(member: &MemberId, inviters: &[Inviter], events: &[StoredBindingEvent]) -> Node {
    let inviter = |(from, inviter): &Inviter| {
        Node::map([("from", Node::Int(from.ms())), ("inviter", inviter.as_ref().map(Node::from).into())])
    };
    Node::map([
        ("member", Node::from(member)),
        ("inviters", Node::List(inviters.iter().map(inviter).collect())),
        ("events", Node::List(events.iter().map(StoredBindingEvent::to_node).collect())),
    ])
}

fn text(inviters: &[Inviter], events: &[StoredBindingEvent], clock: &Clock, language: Language) -> String {
    let mut text = format!("{}\n", word(language, "invited by", "上级"));
    for (from, inviter) in inviters {
        let inviter = inviter.as_ref().map_or(word(language, "nobody", "无"), MemberId::as_str);
        text.push_str(&format!("{}  {inviter}\n", clock.show(*from)));
    }
    if !events.is_empty() {
        text.push_str(&format!("{}\n", word(language, "what happened", "变动记录")));
    }
    for stored in events {
        text.push_str(&format!("{}  {}\n", clock.show(stored.event.at), told(stored, clock, language)));
    }
    text
}

/// One event as a sentence: what, why, in which order, by whom and with which reason.
fn told(stored: &StoredBindingEvent, clock: &Clock, language: Language) -> String {
    let event = &stored.event;
    let mut line = format!("{} ({})", what(event, clock, language), event.why.display(language));
    if let Some(order) = &stored.order_id {
        line.push_str(&format!(", {} {order}", word(language, "order", "订单")));
    }
    // Nobody did what time did; whoever came next noticed it.
    if event.why != Why::Expired {
        line.push_str(&format!(", {} {}", word(language, "by", "操作人"), event.actor));
    }
    if let Some(reason) = &event.reason {
        line.push_str(&format!(": {}", reason.as_str()));
    }
    line
}

fn what(event: &BindingEvent, clock: &Clock, language: Language) -> String {
    let member = event.member;
    match &event.what {
        What::Registered => format!("{member} {}", word(language, "registered", "注册")),
        What::Offered { sharer } => {
            format!("{member} {} {sharer}", word(language, "will be won by", "待绑定给"))
        }
        What::Refused { sharer } => {
            format!("{member} {} {sharer}", word(language, "is not won by", "未绑定给"))
        }
        What::Bound { inviter, until, protected } => {
            let days = days(*until, *protected, clock, language);
            format!("{member} {} {inviter}{days}", word(language, "is invited by", "绑定上级"))
        }
        What::Renewed { until, protected } => {
            let days = days(*until, *protected, clock, language);
            format!("{member} {}{days}", word(language, "keeps the inviter", "绑定续期"))
        }
        What::Released => format!("{member} {}", word(language, "has no inviter any more", "解除绑定")),
        What::Ordered => format!("{member} {}", word(language, "ordered", "下单")),
        What::Paid { spend_minor, .. } => {
            format!("{member} {} {spend_minor}", word(language, "paid", "付款"))
        }
        What::Completed { spend_minor, .. } => {
            format!("{member} {} {spend_minor}", word(language, "completed an order of", "完成订单"))
        }
        What::Added { spend_minor, on, .. } => {
            let of = counted(*on, language);
            format!("{member} {} {spend_minor}{of}", word(language, "brought in another", "追加"))
        }
        What::Refunded { spend_minor, whole, on, .. } => {
            let whole =
                if *whole { word(language, ", and with it the whole order", "，整单") } else { "" };
            let of = counted(*on, language);
            format!("{member} {} {spend_minor}{of}{whole}", word(language, "gave back", "退款"))
        }
        What::Qualified => format!("{member} {}", word(language, "may distribute", "成为分销员")),
        What::Unqualified => {
            format!("{member} {}", word(language, "may distribute no longer", "不再满足分销条件"))
        }
        What::Dismissed => format!("{member} {}", word(language, "was dismissed", "被取消分销资格")),
        What::Merged { gone } => {
            format!("{gone} {} {member}", word(language, "was merged into", "合并到"))
        }
        What::Closed { .. } => format!("{member} {}", word(language, "was closed", "注销")),
    }
}

/// Of which count something is, where it is not of both.
const fn counted(on: Option<Stage>, language: Language) -> &'static str {
    match on {
        None => "",
        Some(Stage::Payment) => word(language, " of what was paid", "（付款口径）"),
        Some(Stage::Completion) => word(language, " of what was completed", "（完成口径）"),
    }
}

fn days(until: Option<Timestamp>, protected: Option<Timestamp>, clock: &Clock, language: Language) -> String {
    let shown = |at: Option<Timestamp>, english, chinese| {
        at.map_or_else(String::new, |at| format!(", {} {}", word(language, english, chinese), clock.show(at)))
    };
    shown(protected, "protected until", "保护至") + &shown(until, "until", "有效至")
}

const fn word(language: Language, english: &'static str, chinese: &'static str) -> &'static str {
    match language {
        Language::English => english,
        Language::Chinese => chinese,
    }
}
