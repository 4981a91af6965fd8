//! Catalogue and cart as documents.

use crate::doc::{Fields, Node};
use crate::error::{Code, Result};
use crate::id::SkuId;
use crate::log::{Change as _, Command, Event, Handled, Log, Subject};
use crate::money::Currency;
use crate::trade::cart::{Buying, Cart, CartCommand, Done, Stale};
use crate::trade::catalog::{Catalog, Change};
use std::collections::BTreeMap;

pub(super) fn catalog(input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "catalog")?;
    let start = match fields.take("catalog") {
        Some(node) => Catalog::from_node(node)?,
        None => Catalog::new(fields.text("currency")?.map_or(Ok(Currency::CNY), Currency::parse)?),
    };
    let answer = run_log(start, &mut fields, |catalog| ("catalog", catalog.to_node()))?;
    fields.finish()?;
    Ok(answer)
}

/// Runs the commands under `given`, which must be accepted, and those under `when`; the answer holds the
/// subject, what became of the last command, and the words of all events. The log is replayed, and must
/// come to the same.
pub(super) fn run_log<S: Subject>(
    start: S,
    fields: &mut Fields<'_>,
    write: impl Fn(&S) -> (&'static str, Node),
) -> Result<Node> {
    let (given, when) = (fields.list("given")?, fields.list("when")?);
    let mut log = Log::new(start.clone());
    let (mut last, mut error) = ("ok", None);
    for (at, node) in given.iter().chain(when).enumerate() {
        let stated = match node {
            Node::Map(map) if map.contains_key("command") => node.clone(),
            bare => Node::map([("command", bare.clone())]),
        };
        let envelope = Node::Map(envelope(&stated, at));
        let handled = Command::from_node(&envelope).and_then(|command| log.handle(&command));
        (last, error) = match handled {
            Err(error) if at < given.len() => return Err(error.within(&format!("given[{at}]"))),
            Err(error) => ("rejected", Some(error.code().name())),
            Ok(Handled::Repeat(_)) => ("repeat", None),
            Ok(Handled::Made(_) | Handled::Noted(_)) => ("ok", None),
        };
    }
    let written =
        log.events().iter().map(|event| Event::from_node(&event.to_node())).collect::<Result<_>>()?;
    if Log::replay(start, written)? != log {
        return Err(fields.fault(Code::Inconsistent, "replaying the log came to something else"));
    }
    let events = log.events().iter().map(|event| Node::from(event.word())).collect();
    let (key, subject) = write(log.subject());
    Ok(Node::map([
        (key, subject),
        ("events", Node::List(events)),
        ("last", last.into()),
        ("error", error.into()),
    ]))
}

/// A command with the parts of its envelope that it leaves out.
fn envelope(command: &Node, at: usize) -> BTreeMap<String, Node> {
    let mut map = BTreeMap::from([
        ("command_id".to_owned(), Node::from(format!("c{}", at + 1))),
        ("actor".to_owned(), Node::from("shop")),
        ("now".to_owned(), Node::Int(0)),
    ]);
    if let Node::Map(stated) = command {
        map.extend(stated.clone());
    }
    map
}

pub(super) fn cart(input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "cart")?;
    let mut catalog = Catalog::from_node(fields.need("catalog")?)?;
    let mut cart = fields.take("cart").map_or_else(|| Ok(Cart::default()), Cart::from_node)?;
    let tier = fields.text("tier")?;
    let bought = bought(&mut fields)?;
    let (given, when) = (fields.list("given")?, fields.list("when")?);
    fields.finish()?;
    let (mut last, mut error, mut merged) = ("ok", None, Node::Null);
    for (at, command) in given.iter().chain(when).enumerate() {
        let done = step(&mut cart, &mut catalog, (tier, &bought), command);
        (last, error) = match done {
            Err(error) if at < given.len() => return Err(error.within(&format!("cart: given[{at}]"))),
            Err(error) => ("rejected", Some(error.code().name())),
            Ok(Done::Merged(report)) => {
                merged = report.to_node();
                ("ok", None)
            }
            Ok(Done::Plain) => ("ok", None),
        };
    }
    let stale = cart.stale(Buying { catalog: &catalog, tier, bought: Some(&bought) });
    Ok(Node::map([
        ("cart", cart.to_node()),
        ("stale", Node::List(stale.iter().map(Stale::to_node).collect())),
        ("merged", merged),
        ("last", last.into()),
        ("error", error.into()),
    ]))
}

/// A command of the cart, or `{"catalog": {word: content}}`: the catalogue changes between two of them.
fn step(
    cart: &mut Cart,
    catalog: &mut Catalog,
    (tier, bought): (Option<&str>, &BTreeMap<SkuId, u64>),
    command: &Node,
) -> Result<Done> {
    if let Some(Node::Map(change)) = command.get("catalog") {
        for (word, content) in change {
            catalog.apply(&Change::from_node(word, content)?)?;
        }
        return Ok(Done::Plain);
    }
    let buying = Buying { catalog, tier, bought: Some(bought) };
    cart.handle(buying, &CartCommand::from_node(command)?)
}

fn bought(fields: &mut Fields<'_>) -> Result<BTreeMap<SkuId, u64>> {
    let Some(node) = fields.take("bought") else { return Ok(BTreeMap::new()) };
    let inner = Fields::new(node, "cart: `bought`")?;
    let mut bought = BTreeMap::new();
    for (sku, units) in inner.rest() {
        let count = match units {
            Node::Int(units) => u64::try_from(*units).ok(),
            _ => None,
        };
        let wrong = || inner.wrong(sku, "a number of units from 0", units);
        bought.insert(SkuId::new(sku)?, count.ok_or_else(wrong)?);
    }
    Ok(bought)
}
