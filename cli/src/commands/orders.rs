//! `fenrun orders`: the orders of a distributor.

use crate::args::OrdersArgs;
use crate::output::{Console, Ending};
use crate::table::Clock;
use fenrun::id::MemberId;
use fenrun::money::{Currency, Money};
use fenrun::report::distribution::{Cursor, EntryView, Filter, OrderView, Page, Totals};
use fenrun::reward::commission::{EntryState, Language};
use fenrun::{Code, Error, Result, counted};
use fenrun_store::{Distribution, Store, Tenant};

pub(crate) fn run(args: &OrdersArgs, console: &Console) -> Result<Ending> {
    let clock = Clock { unit: None, zone: args.time_zone };
    let filter = filter(args, &clock)?;
    let mut distribution = Distribution::new(Tenant::new(&args.tenant)?);
    distribution.catch_up(&Store::open_to_read(&args.file)?)?;
    let page = distribution.orders().list(&filter)?;
    console.answer(|| page.to_node(), || text(&page, &clock, args.lang.into()))?;
    Ok(Ending::Fine)
}

fn filter(args: &OrdersArgs, clock: &Clock) -> Result<Filter> {
    let (from, to) = clock.period(args.from.as_deref(), args.to.as_deref())?;
    Ok(Filter {
        from,
        to,
        state: args.state.as_deref().map(state).transpose()?,
        level: args.level,
        invitee: args.invitee.as_deref().map(MemberId::new).transpose()?,
        after: args.after.as_deref().map(Cursor::parse).transpose()?,
        limit: args.limit,
        ..Filter::of(MemberId::new(&args.distributor)?)
    })
}

fn state(word: &str) -> Result<EntryState> {
    // Reserved is what a withdrawal has taken, never an order.
    let states = || EntryState::ALL.iter().filter(|state| **state != EntryState::Reserved);
    let found = states().find(|state| state.name() == word);
    found.copied().ok_or_else(|| {
        let known: Vec<_> = states().map(|state| state.name()).collect();
        let rule = format!("--state is `{word}`; one of {}", known.join(", "));
        Error::new(Code::UnknownWord, rule)
    })
}

fn text(page: &Page, clock: &Clock, language: Language) -> String {
    let mut lines: Vec<String> = page.orders.iter().flat_map(|order| shown(order, clock, language)).collect();
    for (currency, totals) in &page.totals {
        lines.push(sums(*currency, totals, language));
    }
    lines.push(match language {
        Language::English => format!("{} of {}", page.orders.len(), counted(page.count, "order")),
        Language::Chinese => format!("{} / {} 个订单", page.orders.len(), page.count),
    });
    if let Some(next) = &page.next {
        lines.push(match language {
            Language::English => format!("next page: --after {next}"),
            Language::Chinese => format!("下一页：--after {next}"),
        });
    }
    lines.join("\n")
}

fn shown(order: &OrderView, clock: &Clock, language: Language) -> Vec<String> {
    let money = |minor| Money::new(minor, order.currency).to_string();
    let name = |id: &Option<MemberId>| id.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string);
    let (id, at, amount, left) =
        (&order.order, clock.show(order.placed_at), money(order.amount), money(order.left));
    let (inviter, invitee) = (name(&order.inviter), name(&order.invitee));
    let mut lines = vec![match language {
        Language::English => format!(
            "order {id}  {at}  {}  inviter {inviter}  invitee {invitee}  amount {amount}, left {left}",
            order.life.english()
        ),
        Language::Chinese => format!(
            "订单 {id}  {at}  {}  邀请人 {inviter}  被邀请人 {invitee}  金额 {amount}，剩余 {left}",
            order.life.chinese()
        ),
    }];
    lines.extend(order.entries.iter().map(|entry| commission(entry, order.currency, language)));
    lines
}

fn commission(entry: &EntryView, currency: Currency, language: Language) -> String {
    let money = |minor| Money::new(minor, currency).to_string();
    let levels: Vec<String> = entry.levels.iter().map(ToString::to_string).collect();
    let (rule, levels) = (&entry.rule, levels.join(","));
    let (earned, stands) = (money(entry.earned), money(entry.stands()));
    match language {
        Language::English => {
            let state = entry.state.english();
            format!("  {rule} level {levels}: earned {earned}, stands {stands}, {state}")
        }
        Language::Chinese => {
            let state = entry.state.chinese();
            format!("  {rule} 第 {levels} 级：佣金 {earned}，现存 {stands}，{state}")
        }
    }
}

fn sums(currency: Currency, totals: &Totals, language: Language) -> String {
    let parts = [
        (EntryState::Pending, totals.pending),
        (EntryState::Confirmed, totals.confirmed),
        (EntryState::Payable, totals.payable),
        (EntryState::Paid, totals.paid),
        (EntryState::ClawedBack, totals.clawback),
    ];
    let part = |(state, minor): (EntryState, i64)| {
        let name = match language {
            Language::English => state.english(),
            Language::Chinese => state.chinese(),
        };
        format!("{name} {}", Money::new(minor, currency))
    };
    parts.map(part).join("  ")
}
