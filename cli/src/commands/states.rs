//! `fenrun states`: the life of an order.

use crate::args::StatesArgs;
use crate::output::{Console, Ending};
use fenrun::Result;
use fenrun::doc::Node;
use fenrun::trade::order::{Row, TABLE, states_dot};

pub(crate) fn run(args: &StatesArgs, console: &Console) -> Result<Ending> {
    let text = || if args.dot { states_dot() } else { TABLE.iter().map(line).collect() };
    console.answer(|| Node::List(TABLE.iter().map(entry).collect()), text)?;
    Ok(Ending::Fine)
}

fn line(row: &Row) -> String {
    let guard = match row.guard.label() {
        "" => String::new(),
        label => format!(" [{label}]"),
    };
    format!("{} --{}{guard}--> {}\n", row.from.name(), row.on.name(), row.to.name())
}

fn entry(row: &Row) -> Node {
    let guard = Some(row.guard.label()).filter(|label| !label.is_empty());
    Node::map([
        ("from", Node::from(row.from.name())),
        ("on", row.on.name().into()),
        ("guard", guard.into()),
        ("to", row.to.name().into()),
    ])
}
