//! Orders and quotes as documents.

use crate::doc::{Fields, Node};
use crate::error::Result;
use crate::time::Timestamp;
use crate::trade::cart::Cart;
use crate::trade::catalog::Catalog;
use crate::trade::order::{Command, Event, OrderStream};
use crate::trade::pricing::{self, Policy, PricingFacts, Tier};
use std::collections::BTreeMap;

/// The id an order has where its commands name none.
const ORDER_ID: &str = "1";

pub(super) fn quote(input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "quote")?;
    let catalog = Catalog::from_node(fields.need("catalog")?)?;
    let cart = Cart::from_node(fields.need("cart")?)?;
    let policy = Policy::from_node(fields.need("policy")?)?;
    let facts = PricingFacts {
        now: Timestamp::from_ms(fields.int("now")?.unwrap_or(0)),
        tier: fields.word("tier", &[Tier::List, Tier::Member], Tier::name)?.unwrap_or_default(),
    };
    fields.finish()?;
    Ok(pricing::quote(&cart, &catalog, &policy, facts)?.to_node())
}

/// What became of the last command.
enum Last {
    /// It is the first of its id and was accepted.
    Accepted(Vec<&'static str>),
    /// It came before.
    Repeat(Vec<&'static str>),
    /// The stable name of its error.
    Rejected(&'static str),
}

pub(super) fn order(input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "order")?;
    let (given, when) = (fields.list("given")?, fields.list("when")?);
    fields.finish()?;
    let mut stream = OrderStream::new("", ORDER_ID)?;
    let mut last = Last::Accepted(Vec::new());
    for (at, command) in given.iter().chain(when).enumerate() {
        let handled = handle(&mut stream, &with_envelope(command, at));
        last = match handled {
            Err(error) if at < given.len() => return Err(error.within(&format!("order: given[{at}]"))),
            Err(error) => Last::Rejected(error.code().name()),
            Ok(last) => last,
        };
    }
    let mut answer = stream.order().to_node();
    if let Node::Map(map) = &mut answer {
        let (word, events, error) = match last {
            Last::Accepted(events) => ("ok", events, None),
            Last::Repeat(events) => ("repeat", events, None),
            Last::Rejected(error) => ("rejected", Vec::new(), Some(error)),
        };
        map.insert("last".into(), word.into());
        map.insert("events".into(), Node::List(events.into_iter().map(Node::from).collect()));
        map.insert("error".into(), error.into());
    }
    Ok(answer)
}

fn handle(stream: &mut OrderStream, command: &Node) -> Result<Last> {
    let handled = stream.handle(&Command::from_node(command)?)?;
    let events = handled.events.iter().map(|event: &Event| event.data.name()).collect();
    Ok(if handled.repeat { Last::Repeat(events) } else { Last::Accepted(events) })
}

/// The command with the parts of its envelope that it leaves out: who asks, when, and its own id.
fn with_envelope(command: &Node, at: usize) -> Node {
    let Node::Map(stated) = command else { return command.clone() };
    let mut map = BTreeMap::from([
        ("order_id".to_owned(), Node::from(ORDER_ID)),
        ("command_id".to_owned(), Node::from(format!("c{}", at + 1))),
        ("actor".to_owned(), Node::from("shop")),
        ("now".to_owned(), Node::Int(0)),
    ]);
    map.extend(stated.clone());
    Node::Map(map)
}
