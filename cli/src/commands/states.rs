//! `fenrun states`: the transition tables of orders, after-sale cases, withdrawals and commission.

use crate::args::{MachineName, StatesArgs};
use crate::output::{Console, Ending};
use fenrun::Result;
use fenrun::doc::Node;
use fenrun::ledger::wallet::{self, WithdrawalState, withdrawal_dot};
use fenrun::reward::commission::{ENTRY_TABLE, EntryGuard, EntryState, commission_dot};
use fenrun::trade::order::{self, CASE_TABLE, CaseStage, Life, cases_dot, states_dot};

/// One move: from, on, guard, to.
type Move = [&'static str; 4];
/// A state: its word, and what people are shown, in English and Chinese.
type Shown = [&'static str; 3];

pub(crate) fn run(args: &StatesArgs, console: &Console) -> Result<Ending> {
    if args.display {
        let states = shown(args.machine);
        let text = || states.iter().map(|[name, en, zh]| format!("{name}\t{zh}\t{en}\n")).collect();
        let entry = |[name, en, zh]: &Shown| {
            let display = Node::map([("en", Node::from(*en)), ("zh", Node::from(*zh))]);
            Node::map([("state", Node::from(*name)), ("display", display)])
        };
        console.answer(|| Node::List(states.iter().map(entry).collect()), text)?;
        return Ok(Ending::Fine);
    }
    let moves = moves(args.machine);
    let dot = || match args.machine {
        MachineName::Order => states_dot(),
        MachineName::Case => cases_dot(),
        MachineName::Withdrawal => withdrawal_dot(),
        MachineName::Commission => commission_dot(),
    };
    let text = || if args.dot { dot() } else { moves.iter().map(line).collect() };
    console.answer(|| Node::List(moves.iter().map(entry).collect()), text)?;
    Ok(Ending::Fine)
}

fn shown(machine: MachineName) -> Vec<Shown> {
    macro_rules! all {
        ($kind:ty) => {
            <$kind>::ALL.iter().map(|state| [state.name(), state.english(), state.chinese()]).collect()
        };
    }
    match machine {
        MachineName::Order => all!(Life),
        MachineName::Case => all!(CaseStage),
        MachineName::Withdrawal => all!(WithdrawalState),
        MachineName::Commission => all!(EntryState),
    }
}

fn moves(machine: MachineName) -> Vec<Move> {
    match machine {
        MachineName::Order => order::TABLE
            .iter()
            .map(|row| [row.from.name(), row.on.name(), row.guard.label(), row.to.name()])
            .collect(),
        MachineName::Case => CASE_TABLE
            .iter()
            .map(|row| [row.from.name(), row.on.name(), row.guard.label(), row.to.name()])
            .collect(),
        MachineName::Withdrawal => {
            wallet::TABLE.iter().map(|row| [row.from.name(), row.on.name(), "", row.to.name()]).collect()
        }
        MachineName::Commission => ENTRY_TABLE
            .iter()
            .map(|row| {
                let guard = if row.guard == EntryGuard::NothingLeft { "nothing left" } else { "" };
                [row.from.name(), row.on.name(), guard, row.to.name()]
            })
            .collect(),
    }
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
