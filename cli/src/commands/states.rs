//! `fenrun states`: the life of an order and of its after-sale cases.

use crate::args::StatesArgs;
use crate::output::{Console, Ending};
use fenrun::Result;
use fenrun::doc::Node;
use fenrun::trade::order::{CASE_TABLE, CaseStage, Life, TABLE, cases_dot, states_dot};

/// One move: from, on, guard, to.
type Move = [&'static str; 4];

pub(crate) fn run(args: &StatesArgs, console: &Console) -> Result<Ending> {
    if args.display {
        let states = if args.cases { CaseStage::ALL.iter().map(|s| shown(*s)).collect() } else { lives() };
        let text = || states.iter().map(|[name, en, zh]| format!("{name}\t{zh}\t{en}\n")).collect();
        let entry = |[name, en, zh]: &[&str; 3]| {
            let display = Node::map([("en", Node::from(*en)), ("zh", Node::from(*zh))]);
            Node::map([("state", Node::from(*name)), ("display", display)])
        };
        console.answer(|| Node::List(states.iter().map(entry).collect()), text)?;
        return Ok(Ending::Fine);
    }
    let moves = if args.cases { case_moves() } else { moves() };
    let dot = if args.cases { cases_dot } else { states_dot };
    let text = || if args.dot { dot() } else { moves.iter().map(line).collect() };
    console.answer(|| Node::List(moves.iter().map(entry).collect()), text)?;
    Ok(Ending::Fine)
}

fn lives() -> Vec<[&'static str; 3]> {
    Life::ALL.iter().map(|life| [life.name(), life.english(), life.chinese()]).collect()
}

fn shown(stage: CaseStage) -> [&'static str; 3] {
    [stage.name(), stage.english(), stage.chinese()]
}

fn moves() -> Vec<Move> {
    TABLE.iter().map(|row| [row.from.name(), row.on.name(), row.guard.label(), row.to.name()]).collect()
}

fn case_moves() -> Vec<Move> {
    CASE_TABLE.iter().map(|row| [row.from.name(), row.on.name(), row.guard.label(), row.to.name()]).collect()
}

fn line([from, on, guard, to]: &Move) -> String {
    let guard = if guard.is_empty() { String::new() } else { format!(" [{guard}]") };
    format!("{from} --{on}{guard}--> {to}\n")
}

fn entry([from, on, guard, to]: &Move) -> Node {
    let guard = Some(*guard).filter(|guard| !guard.is_empty());
    Node::map([
        ("from", Node::from(*from)),
        ("on", Node::from(*on)),
        ("guard", guard.into()),
        ("to", Node::from(*to)),
    ])
}
