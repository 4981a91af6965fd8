//! Orders and quotes as documents.

use crate::Language;
use crate::doc::{Fields, Node};
use crate::error::{Code, Result};
use crate::trade::cart::Cart;
use crate::trade::catalog::Catalog;
use crate::trade::order::{Command, Event, Explanation, OrderStream};
use crate::trade::pricing::{self, Difference, Policy, PricingFacts, Quote};
use std::collections::BTreeMap;

/// The id an order has where its commands name none.
const ORDER_ID: &str = "1";

/// What a quote is made of.
struct Asked {
    catalog: Catalog,
    cart: Cart,
    policy: Policy,
    facts: PricingFacts,
}

impl Asked {
    fn from_fields(fields: &mut Fields<'_>) -> Result<Self> {
        Ok(Self {
            catalog: Catalog::from_node(fields.need("catalog")?)?,
            cart: Cart::from_node(fields.need("cart")?)?,
            policy: Policy::from_node(fields.need("policy")?)?,
            facts: PricingFacts::from_fields(fields)?,
        })
    }
}

pub(super) fn quote(input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "quote")?;
    let asked = Asked::from_fields(&mut fields)?;
    fields.finish()?;
    Ok(pricing::quote(&asked.cart, &asked.catalog, &asked.policy, &asked.facts)?.to_node())
}

pub(super) fn price(input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "price")?;
    let asked = Asked::from_fields(&mut fields)?;
    fields.finish()?;
    Ok(pricing::price(&asked.cart, &asked.catalog, &asked.policy, &asked.facts)?.to_node())
}

pub(super) fn reprice(input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "reprice")?;
    let quote = Quote::from_node(fields.need("quote")?)?;
    let catalog = Catalog::from_node(fields.need("catalog")?)?;
    let policy = Policy::from_node(fields.need("policy")?)?;
    let facts = PricingFacts::from_fields(&mut fields)?;
    fields.finish()?;
    let repriced = quote.reprice(&catalog, &policy, &facts)?;
    let differences: Vec<Node> = repriced.differences.iter().map(Difference::to_node).collect();
    Ok(Node::map([("fresh", repriced.fresh.to_node()), ("differences", differences.into())]))
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

/// A log in sentences, or what commands that were all accepted make.
pub(super) fn explain_order(input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "explain_order")?;
    let mut events = fields.list("events")?.iter().map(Event::from_node).collect::<Result<Vec<_>>>()?;
    let given = fields.list("given")?;
    let language = fields.word("lang", &Language::ALL, Language::name)?.unwrap_or(Language::English);
    if !given.is_empty() && !events.is_empty() {
        return Err(fields.fault(Code::InvalidValue, "either `events` or `given`, one of them"));
    }
    fields.finish()?;
    if !given.is_empty() {
        let mut stream = OrderStream::new("", ORDER_ID)?;
        for (at, command) in given.iter().enumerate() {
            let handled = handle(&mut stream, &with_envelope(command, at));
            handled.map_err(|error| error.within(&format!("explain_order: given[{at}]")))?;
        }
        events = stream.events().to_vec();
    }
    Ok(Explanation::of(&events, language)?.to_node())
}

fn handle(stream: &mut OrderStream, command: &Node) -> Result<Last> {
    let handled = stream.handle(&Command::from_node(command)?)?;
    let events = handled.events.iter().map(|event: &Event| event.data.name()).collect();
    Ok(if handled.repeat { Last::Repeat(events) } else { Last::Accepted(events) })
}

/// The command with the parts of its envelope that it leaves out: who asks, when, and its own id.
pub(super) fn with_envelope(command: &Node, at: usize) -> Node {
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
