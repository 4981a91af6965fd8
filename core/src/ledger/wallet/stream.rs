//! A wallet with its log, for hosts that keep one wallet at hand.

use super::command::Command;
use super::decide::{Decision, decide};
use super::event::Event;
use super::state::{Wallet, WalletKey};
use crate::doc::{MAX_COMMAND_BYTES, Node, read_json};
use crate::error::Result;
use crate::ledger::{Account, Advance, Journal, Ledger, Posted, Reversal};
use crate::money::Money;

/// A wallet, its events, and every journal it was folded from.
///
/// ```
/// use fenrun::ledger::wallet::{WalletKey, WalletStream};
/// use fenrun::{id::MemberId, money::Currency, request::Tenant};
/// let key = WalletKey { tenant: Tenant::new("")?, member: MemberId::new("7")?, currency: Currency::CNY };
/// let mut stream = WalletStream::new(key);
/// let ask = r#"{"member": 7, "currency": "CNY", "command_id": "c1", "now": 0, "actor": "7",
///     "command": {"request": {"withdrawal_id": "w1", "amount": 100}}}"#;
/// let refused = stream.handle_json(ask).unwrap_err();
/// assert_eq!(refused.code(), fenrun::Code::InsufficientBalance);
/// # Ok::<(), fenrun::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalletStream {
    wallet: Wallet,
    events: Vec<Event>,
    ledger: Ledger,
    journals: Vec<Journal>,
}

/// What became of a command: its events, and whether it acted before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handled<'a> {
    /// The events the command made, now or when it came first.
    pub events: &'a [Event],
    /// Whether the command came before.
    pub repeat: bool,
}

impl WalletStream {
    /// A wallet to which nothing has happened.
    #[must_use]
    pub fn new(key: WalletKey) -> Self {
        Self { wallet: Wallet::new(key), events: Vec::new(), ledger: Ledger::new(), journals: Vec::new() }
    }

    /// The same stream beside other wallets of the shop, as [`Wallet::beside`].
    #[must_use]
    pub fn beside(self, elsewhere: impl IntoIterator<Item = crate::id::TransactionId>) -> Self {
        Self { wallet: self.wallet.beside(elsewhere), ..self }
    }

    /// The wallet.
    #[must_use]
    pub const fn wallet(&self) -> &Wallet {
        &self.wallet
    }

    /// Its log.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The balances of every account the journals touched, the mall's too.
    #[must_use]
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Every journal, those of events too, in the order they were posted.
    #[must_use]
    pub fn journals(&self) -> &[Journal] {
        &self.journals
    }

    /// Decides a command, folds its events in and posts their journals. A command that came before gives
    /// its original events.
    ///
    /// # Errors
    /// As [`decide`]; the wallet is then as it was.
    pub fn handle(&mut self, command: &Command) -> Result<Handled<'_>> {
        match decide(&self.wallet, command)? {
            Decision::Repeat { first_seq, last_seq } => {
                let place = |seq: u64| usize::try_from(seq).unwrap_or(usize::MAX);
                let events = self.events.get(place(first_seq) - 1..place(last_seq));
                Ok(Handled { events: events.unwrap_or_default(), repeat: true })
            }
            Decision::Accepted(events) => {
                let from = self.events.len();
                for event in events {
                    let journal = event.journal()?;
                    if let Some(journal) = &journal {
                        self.ledger.post(journal)?;
                    }
                    self.wallet.apply(&event)?;
                    self.journals.extend(journal);
                    self.events.push(event);
                }
                Ok(Handled { events: &self.events[from..], repeat: false })
            }
        }
    }

    /// Decides a command given as JSON and answers with `{"events": […], "repeat": …, "wallet": {…}}`.
    ///
    /// # Errors
    /// What is wrong with the document, and as [`decide`]; the wallet is then as it was.
    pub fn handle_json(&mut self, command: &str) -> Result<Node> {
        let command = Command::from_node(&read_json(command, MAX_COMMAND_BYTES)?)?;
        let handled = self.handle(&command)?;
        let repeat = Node::from(handled.repeat);
        let events: Vec<Node> = handled.events.iter().map(Event::to_node).collect();
        Ok(Node::map([("events", events.into()), ("repeat", repeat), ("wallet", self.wallet.to_node())]))
    }

    /// Posts a journal of commission. The same journal again moves nothing.
    ///
    /// # Errors
    /// As [`Ledger::post`]; nothing has moved then.
    pub fn post(&mut self, journal: &Journal) -> Result<Posted> {
        let posted = self.ledger.post(journal)?;
        if posted == Posted::New {
            self.wallet.post(journal)?;
            self.journals.push(journal.clone());
        }
        Ok(posted)
    }

    /// Moves commission a step on.
    ///
    /// # Errors
    /// As [`Ledger::advance`]; nothing has moved then.
    pub fn advance(&mut self, advance: &Advance) -> Result<Posted> {
        if self.ledger.contains(&advance.id) {
            return self.ledger.advance(advance);
        }
        let journal = advance.journal(|account| self.standing(account, advance.currency))?;
        self.post_made(journal)
    }

    /// Takes commission back.
    ///
    /// # Errors
    /// As [`Ledger::reverse`]; nothing has moved then.
    pub fn reverse(&mut self, reversal: &Reversal) -> Result<Posted> {
        if self.ledger.contains(&reversal.id) {
            return self.ledger.reverse(reversal);
        }
        let journal = reversal.journal(|account| self.standing(account, reversal.currency))?;
        self.post_made(journal)
    }

    fn post_made(&mut self, journal: Option<Journal>) -> Result<Posted> {
        journal.map_or(Ok(Posted::Repeat), |journal| self.post(&journal))
    }

    // The ledger's readers may fail; this one has everything in memory.
    #[allow(clippy::unnecessary_wraps)]
    fn standing(&self, account: &Account, currency: crate::money::Currency) -> Result<Money> {
        Ok(self.ledger.balance(account, currency))
    }
}
