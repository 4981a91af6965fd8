//! A wallet machine as the laws see it: what decides, what folds, what is posted, what is shown.

use fenrun::doc::{Node, read_json};
use fenrun::id::{CommandId, ExternalId, JournalId, MemberId};
use fenrun::ledger::wallet::{Action, Command, Decision, Envelope, Event, Wallet, WalletKey, decide, evolve};
use fenrun::ledger::{
    Account, Advance, Journal, MemberAccount, Period, Posting, Reversal, STATEMENT_SUMS, Share, Statement,
    Step, TakeBack, earned, statement,
};
use fenrun::money::{Currency, Money};
use fenrun::request::Tenant;
use fenrun::time::Timestamp;
use fenrun::{Code, Result};
use std::collections::BTreeMap;

pub(crate) const CNY: Currency = Currency::CNY;

/// Balances, recounted from postings.
pub(crate) type Book = BTreeMap<Account, i64>;

/// Commission that moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Commission {
    Earned,
    Confirmed,
    Released,
    TakenBack(MemberAccount),
}

pub(crate) fn me() -> MemberId {
    7.into()
}

pub(crate) fn mine(account: MemberAccount) -> Account {
    Account::member(&me(), account)
}

/// Every method has the real thing as its body; a mutant replaces one.
pub(crate) trait Machine {
    fn decide(&self, run: &Run<'_>, command: &Command) -> Result<Decision> {
        decide(&run.wallet, command)
    }

    fn evolve(&self, wallet: Wallet, event: &Event) -> Result<Wallet> {
        evolve(wallet, event)
    }

    /// What an event posts.
    fn postings(&self, event: &Event) -> Vec<Posting> {
        event.journal().unwrap().map(|journal| journal.postings().to_vec()).unwrap_or_default()
    }

    /// What commission posts.
    fn commission(&self, _what: Commission, journal: &Journal) -> Vec<Posting> {
        journal.postings().to_vec()
    }

    /// What a refused command leaves in the book.
    fn refused(&self, _book: &mut Book, _command: &Command) {}

    fn store(&self, event: &Event) -> Node {
        read_json(&event.to_json(), 1 << 20).unwrap()
    }

    fn statement(&self, period: Period, journals: &[Journal]) -> Shown {
        Shown::of(&statement(period, journals).unwrap())
    }
}

/// The engine itself.
pub(crate) struct Engine;

impl Machine for Engine {}

/// What a statement shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) opening: BTreeMap<MemberAccount, i64>,
    pub(crate) closing: BTreeMap<MemberAccount, i64>,
    pub(crate) sums: BTreeMap<&'static str, i64>,
}

impl Shown {
    fn of(statement: &Statement) -> Self {
        let all = |of: &dyn Fn(MemberAccount) -> i64| {
            MemberAccount::ALL.iter().map(|kind| (*kind, of(*kind))).collect()
        };
        Self {
            opening: all(&|kind| statement.opening(kind)),
            closing: all(&|kind| statement.closing(kind)),
            sums: STATEMENT_SUMS.iter().map(|name| (*name, statement.sum(name))).collect(),
        }
    }
}

/// What became of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accepted(Vec<Event>),
    Repeat(u64, u64),
    Refused(Code),
    /// Accepted, and then its events did not fold: always a bug.
    Broken(String),
}

/// What was asked for, counted by whoever asked: the other side of the equation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) earned: i64,
    pub(crate) reversed: i64,
}

/// One wallet driven by commands and by commission.
#[derive(Clone)]
pub(crate) struct Run<'m> {
    pub(crate) machine: &'m dyn Machine,
    pub(crate) wallet: Wallet,
    pub(crate) book: Book,
    pub(crate) log: Vec<Event>,
    pub(crate) sent: Vec<Command>,
    pub(crate) posted: Vec<(String, i64, Vec<Posting>)>,
    pub(crate) asked: Asked,
    pub(crate) now: i64,
}

pub(crate) fn key() -> WalletKey {
    WalletKey { tenant: Tenant::new("t").unwrap(), member: me(), currency: CNY }
}

impl<'m> Run<'m> {
    pub(crate) fn new(machine: &'m dyn Machine) -> Self {
        let wallet = Wallet::new(key());
        let (book, asked) = (Book::new(), Asked::default());
        Self { machine, wallet, book, log: Vec::new(), sent: Vec::new(), posted: Vec::new(), asked, now: 0 }
    }

    pub(crate) fn balance(&self, account: MemberAccount) -> i64 {
        self.book.get(&mine(account)).copied().unwrap_or(0)
    }

    pub(crate) fn next(&self, actor: &str, action: Action) -> Command {
        let envelope = Envelope {
            wallet: key(),
            expected_version: None,
            command_id: CommandId::from(1 + u64::try_from(self.sent.len()).unwrap()),
            actor: ExternalId::new(actor).unwrap(),
            now: Timestamp::from_ms(self.now),
        };
        Command::new(envelope, action)
    }

    pub(crate) fn act(&mut self, actor: &str, action: Action) -> Verdict {
        let command = self.next(actor, action);
        self.send(&command)
    }

    pub(crate) fn send(&mut self, command: &Command) -> Verdict {
        self.sent.push(command.clone());
        match self.machine.decide(self, command) {
            Err(error) => {
                self.machine.refused(&mut self.book, command);
                Verdict::Refused(error.code())
            }
            Ok(Decision::Repeat { first_seq, last_seq }) => Verdict::Repeat(first_seq, last_seq),
            Ok(Decision::Accepted(events)) => {
                for event in &events {
                    match self.machine.evolve(self.wallet.clone(), event) {
                        Ok(next) => self.wallet = next,
                        Err(error) => return Verdict::Broken(error.to_string()),
                    }
                    self.log.push(event.clone());
                    let postings = self.machine.postings(event);
                    self.post(event.data.name(), postings);
                }
                Verdict::Accepted(events)
            }
        }
    }

    fn post(&mut self, reason: &str, postings: Vec<Posting>) {
        for posting in &postings {
            *self.book.entry(posting.account.clone()).or_default() += posting.amount.minor();
        }
        if !postings.is_empty() {
            self.posted.push((reason.to_owned(), self.now, postings));
        }
    }

    /// Moves commission, when what stands allows it.
    pub(crate) fn commission(&mut self, what: Commission, minor: i64) -> Result<()> {
        let id = JournalId::new(&format!("j{}", self.posted.len())).unwrap();
        let at = Timestamp::from_ms(self.now);
        let shares = vec![Share::new(me(), minor)];
        let wallet = &self.wallet;
        let standing = |account: &Account| {
            let minor = match account {
                Account::Member(_, kind) => wallet.balance(*kind),
                Account::Mall(_) => 0,
            };
            Ok(Money::new(minor, CNY))
        };
        let step = |step| Advance { id: id.clone(), at, currency: CNY, step, shares: shares.clone() };
        let journal = match what {
            Commission::Earned => earned(id, at, CNY, &shares, 0)?,
            Commission::Confirmed => step(Step::Confirm).journal(standing)?,
            Commission::Released => step(Step::Release).journal(standing)?,
            Commission::TakenBack(from) => {
                let takes = vec![TakeBack { member: me(), from, minor }];
                Reversal { id, at, currency: CNY, takes, retained: 0 }.journal(standing)?
            }
        };
        let Some(journal) = journal else { return Ok(()) };
        self.wallet.post(&journal)?;
        let postings = self.machine.commission(what, &journal);
        self.post(journal.reason(), postings);
        match what {
            Commission::Earned => self.asked.earned += minor,
            Commission::TakenBack(_) => self.asked.reversed += minor,
            Commission::Confirmed | Commission::Released => {}
        }
        Ok(())
    }

    /// What was posted, as journals.
    pub(crate) fn journals(&self) -> Vec<Journal> {
        let journal = |(at, (reason, ms, postings)): (usize, &(String, i64, Vec<Posting>))| {
            let id = JournalId::new(&format!("j{at}")).unwrap();
            Journal::new(id, Timestamp::from_ms(*ms), reason, postings.clone()).unwrap()
        };
        self.posted.iter().enumerate().map(journal).collect()
    }
}
