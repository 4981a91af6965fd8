//! `fenrun explain --log` and `--store … --events`: what happened to an order, and how it stands.

use super::explain::no_order;
use crate::args::ExplainArgs;
use crate::files::read_text;
use crate::output::{Console, Ending};
use fenrun::doc::MAX_DOCUMENT_BYTES;
use fenrun::id::OrderId;
use fenrun::trade::order::{Event, Explanation};
use fenrun::{Code, Error, Language, Result};
use fenrun_store::{Store, Tenant};
use std::path::Path;

pub(crate) fn run(args: &ExplainArgs, console: &Console) -> Result<Ending> {
    let events = match (&args.log, &args.store, &args.order) {
        (Some(log), _, order) => from_log(log, args, order.as_deref())?,
        (None, Some(store), Some(order)) => from_store(store, args, order)?,
        _ => return Err(Error::new(Code::InvalidArgument, "name an order of the store with --order")),
    };
    let language = Language::from(args.lang);
    let told = Explanation::of(&events, language)?;
    let text = || {
        let (tenant, order) = (told.order.0.as_str(), &told.order.1);
        let shop = if tenant.is_empty() { String::new() } else { format!(" · {tenant}") };
        let first = match language {
            Language::English => format!("order {order}{shop}"),
            Language::Chinese => format!("订单 {order}{shop}"),
        };
        [vec![first], told.events.clone(), told.standing.clone()].concat().join("\n")
    };
    console.answer(|| told.to_node(), text)?;
    Ok(Ending::Fine)
}

/// The events of one order out of a log, which may hold several.
fn from_log(path: &Path, args: &ExplainArgs, order: Option<&str>) -> Result<Vec<Event>> {
    let file = path.display().to_string();
    let text = read_text(path, MAX_DOCUMENT_BYTES)?;
    let mut events = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let event = Event::from_json(line);
        events.push(event.map_err(|error| error.within(&format!("{file}: line {}", at + 1)))?);
    }
    if let Some(order) = order {
        let (tenant, order) = (Tenant::new(&args.tenant)?, OrderId::new(order)?);
        events.retain(|event| event.header.tenant == tenant && event.header.order_id == order);
        if events.is_empty() {
            let rule = format!("{file}: there is no order {order} of tenant {:?}", tenant.as_str());
            return Err(Error::new(Code::NotFound, rule));
        }
    }
    let whose = |event: &Event| (event.header.tenant.clone(), event.header.order_id.clone());
    if let Some(other) = events.iter().find(|event| whose(event) != whose(&events[0])) {
        let (first, other) = (&events[0].header.order_id, &other.header.order_id);
        let rule = format!("{file}: holds orders {first} and {other}; name one with --order (and --tenant)");
        return Err(Error::new(Code::InvalidArgument, rule));
    }
    Ok(events)
}

fn from_store(path: &Path, args: &ExplainArgs, order: &str) -> Result<Vec<Event>> {
    let store = Store::open_to_read(path)?;
    let (tenant, order) = (Tenant::new(&args.tenant)?, OrderId::new(order)?);
    let events = store.events(&tenant, &order)?;
    if events.is_empty() {
        let rule = no_order(&store, &tenant, &order)?;
        return Err(Error::new(Code::NotFound, format!("{}: {rule}", path.display())));
    }
    Ok(events)
}
