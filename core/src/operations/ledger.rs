//! Wallets as documents: commission that comes and goes, and what is withdrawn of it.

use crate::doc::{Fields, Node, invalid};
use crate::error::{Code, Result};
use crate::id::{ExternalId, JournalId, MemberId, TransactionId};
use crate::ledger::wallet::{Command, Event, WalletKey, WalletStream};
use crate::ledger::{
    Account, Advance, MallAccount, MemberAccount, Period, Posted, Reversal, Share, Step, TakeBack, earned,
    statement,
};
use crate::money::Currency;
use crate::request::Tenant;
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// Whose wallet it is where a step names nobody.
const MEMBER: &str = "1";

/// What became of the last step.
enum Last {
    Accepted(Vec<&'static str>),
    Repeat(Vec<&'static str>),
    Rejected(&'static str),
}

pub(super) fn ledger(input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "ledger")?;
    let (given, when) = (fields.list("given")?, fields.list("when")?);
    let currency = fields.text("currency")?.map_or(Ok(Currency::CNY), Currency::parse)?;
    let period = fields.take("statement").map(|node| period(node, currency)).transpose()?;
    let elsewhere = fields.list("elsewhere")?.iter().map(transaction).collect::<Result<Vec<_>>>()?;
    fields.finish()?;
    let key = WalletKey { tenant: Tenant::new("")?, member: MemberId::new(MEMBER)?, currency };
    let mut stream = WalletStream::new(key).beside(elsewhere);
    let mut last = Last::Accepted(Vec::new());
    for (at, step) in given.iter().chain(when).enumerate() {
        last = match take(&mut stream, step, at) {
            Err(error) if at < given.len() => return Err(error.within(&format!("ledger: given[{at}]"))),
            Err(error) => Last::Rejected(error.code().name()),
            Ok(last) => last,
        };
    }
    answer(&stream, &last, period)
}

fn answer(stream: &WalletStream, last: &Last, period: Option<Period>) -> Result<Node> {
    let (word, events, error) = match last {
        Last::Accepted(events) => ("ok", events.as_slice(), None),
        Last::Repeat(events) => ("repeat", events.as_slice(), None),
        Last::Rejected(error) => ("rejected", [].as_slice(), Some(*error)),
    };
    let currency = stream.wallet().key().currency;
    let mall = MallAccount::ALL.iter().map(|account| {
        (account.name(), Node::Int(stream.ledger().balance(&Account::Mall(*account), currency).minor()))
    });
    let mut map = BTreeMap::from([
        ("last".to_owned(), Node::from(word)),
        ("events".to_owned(), Node::List(events.iter().copied().map(Node::from).collect())),
        ("error".to_owned(), error.into()),
        ("mall".to_owned(), Node::map(mall)),
        ("wallet".to_owned(), stream.wallet().to_node()),
    ]);
    if let Some(period) = period {
        map.insert("statement".to_owned(), statement(period, stream.journals())?.to_node());
    }
    Ok(Node::Map(map))
}

/// A transaction that another wallet has on record.
fn transaction(node: &Node) -> Result<TransactionId> {
    let id = ExternalId::from_node(node).map_err(|error| error.within("ledger: elsewhere"))?;
    Ok(id.ok_or_else(|| invalid("ledger: elsewhere", "a transaction's id", node))?.into())
}

fn period(node: &Node, currency: Currency) -> Result<Period> {
    let mut fields = Fields::new(node, "statement")?;
    let (from, to) = (fields.int("from")?, fields.int("to")?);
    fields.finish()?;
    let member = MemberId::new(MEMBER)?;
    Ok(Period { member, currency, from: from.map(Timestamp::from_ms), to: to.map(Timestamp::from_ms) })
}

/// A step is commission that moves, or a command of the wallet.
fn take(stream: &mut WalletStream, step: &Node, at: usize) -> Result<Last> {
    if step.get("commission").is_some() {
        return commission(stream, step, at).map(|posted| match posted {
            Posted::New => Last::Accepted(Vec::new()),
            Posted::Repeat => Last::Repeat(Vec::new()),
        });
    }
    let currency = stream.wallet().key().currency;
    let handled = stream.handle(&Command::from_node(&with_envelope(step, currency, at))?)?;
    let events = handled.events.iter().map(|event: &Event| event.data.name()).collect();
    Ok(if handled.repeat { Last::Repeat(events) } else { Last::Accepted(events) })
}

fn commission(stream: &mut WalletStream, step: &Node, at: usize) -> Result<Posted> {
    let mut fields = Fields::new(step, "commission")?;
    let word = fields.need_text("commission")?;
    let minor = fields.need_int("amount")?;
    let id = match fields.text("id")? {
        Some(id) => JournalId::new(id)?,
        None => JournalId::new(&format!("j{}", at + 1))?,
    };
    let now = Timestamp::from_ms(fields.int("now")?.unwrap_or(0));
    let from = fields.word("from", MemberAccount::ALL, MemberAccount::name)?;
    let step = match word {
        "confirmed" => Some(Step::Confirm),
        "released" => Some(Step::Release),
        "earned" | "taken_back" => None,
        other => {
            let rule = format!("`commission` is `{other}`; one of earned, confirmed, released, taken_back");
            return Err(fields.fault(Code::UnknownWord, rule));
        }
    };
    fields.finish()?;
    let (member, currency) = (MemberId::new(MEMBER)?, stream.wallet().key().currency);
    let shares = vec![Share::new(member.clone(), minor)];
    if let Some(step) = step {
        return stream.advance(&Advance { id, at: now, currency, step, shares });
    }
    if word == "earned" {
        let journal = earned(id, now, currency, &shares, 0)?;
        return journal.map_or(Ok(Posted::Repeat), |journal| stream.post(&journal));
    }
    let takes = vec![TakeBack { member, from: from.unwrap_or(MemberAccount::Available), minor }];
    stream.reverse(&Reversal { id, at: now, currency, takes, retained: 0 })
}

/// The command with the parts of its envelope that it leaves out.
fn with_envelope(command: &Node, currency: Currency, at: usize) -> Node {
    let Node::Map(stated) = command else { return command.clone() };
    let mut map = BTreeMap::from([
        ("member".to_owned(), Node::from(MEMBER)),
        ("currency".to_owned(), Node::from(currency.code())),
        ("command_id".to_owned(), Node::from(format!("c{}", at + 1))),
        ("actor".to_owned(), Node::from("clerk")),
        ("now".to_owned(), Node::Int(0)),
    ]);
    map.extend(stated.clone());
    Node::Map(map)
}
