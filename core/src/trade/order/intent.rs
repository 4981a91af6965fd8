//! What an event asks of stock, coupons, points and authorizations: reserve, commit, release.
//!
//! The engine keeps none of them. A host puts the intents of each event into its outbox in the
//! transaction that stores the event, and works them off there; each has a key, so that it acts once.

use super::event::Event;
use super::event_data::EventData;
use super::life::Life;
use super::placement::{PlacedLine, Placement};
use super::state::{LineState, Order};
use super::token::TokenKind;
use crate::doc::{Node, short_hash};
use crate::error::Result;

/// What is to be done with what an order takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verb {
    /// Keep it for the order.
    Reserve,
    /// It is used: the goods left, the coupon is spent.
    Commit,
    /// Nobody needs it any more, or it came back: give it free.
    Release,
}

impl Verb {
    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reserve => "reserve",
            Self::Commit => "commit",
            Self::Release => "release",
        }
    }
}

/// Whom an intent is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Port {
    /// The stock; the subject is a line of the order.
    Stock,
    /// Coupons; the subject is the coupon.
    Coupon,
    /// Points; the subject is the account.
    Points,
    /// Money a provider keeps ready for the shop; the subject is the authorization's transaction.
    Authorization,
}

impl Port {
    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stock => "stock",
            Self::Coupon => "coupon",
            Self::Points => "points",
            Self::Authorization => "authorization",
        }
    }
}

/// One thing to be done outside the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// 32 hex digits that name it, the same every time it is computed.
    pub key: String,
    /// Whom it is for.
    pub port: Port,
    /// What is to be done.
    pub verb: Verb,
    /// With which line, coupon, account or transaction.
    pub subject: String,
    /// How many; of money, minor units.
    pub amount: u64,
}

impl Intent {
    /// The intent as a document.
    #[must_use]
    pub fn to_node(&self) -> Node {
        Node::map([
            ("key", Node::from(self.key.as_str())),
            ("port", self.port.name().into()),
            ("verb", self.verb.name().into()),
            ("subject", self.subject.as_str().into()),
            ("amount", i64::try_from(self.amount).unwrap_or(i64::MAX).into()),
        ])
    }
}

/// What an event asks of stock, coupons, points and authorizations, on the order as it was before the event.
///
/// Stock is reserved by placing and editing, committed by shipping, and released by whatever calls units off
/// and by goods that come back undamaged, whether or not they had arrived. Coupons and points are reserved by
/// placing, committed once the order is paid or released to the warehouse, and released when it is cancelled
/// or expires. An authorization is released where it is given up.
///
/// # Errors
/// As [`evolve`](super::evolve), when the event cannot follow on the order.
pub fn intents(before: &Order, event: &Event) -> Result<Vec<Intent>> {
    let mut after = before.clone();
    after.apply(event)?;
    let mut list = List { event, intents: Vec::new() };
    list.stock(before, &after);
    list.tokens(before, &after);
    list.authorization(before);
    Ok(list.intents)
}

/// The intents of one event while they are found.
struct List<'a> {
    event: &'a Event,
    intents: Vec<Intent>,
}

impl List<'_> {
    fn push(&mut self, port: Port, verb: Verb, subject: &str, amount: u64) {
        if amount == 0 {
            return;
        }
        let place = self.intents.len().to_string();
        let key = short_hash(&["fenrun.intent/0", &self.event.event_id(), &place]);
        self.intents.push(Intent { key, port, verb, subject: subject.to_owned(), amount });
    }

    fn stock(&mut self, before: &Order, after: &Order) {
        let edited = matches!(self.event.data, EventData::OrderEdited { .. });
        if edited {
            for (sold, line) in lines(before) {
                self.push(Port::Stock, Verb::Release, sold.id.as_str(), line.unshipped());
            }
        }
        for (at, (sold, line)) in lines(after).enumerate() {
            let known = before.lines().get(at).copied().filter(|_| !edited);
            let Some(was) = known else {
                self.push(Port::Stock, Verb::Reserve, sold.id.as_str(), line.ordered);
                continue;
            };
            let subject = sold.id.as_str();
            self.push(Port::Stock, Verb::Reserve, subject, line.exchanged - was.exchanged);
            let left = |line: &LineState| line.shipped + line.replacements_shipped;
            self.push(Port::Stock, Verb::Commit, subject, left(line) - left(&was));
            let back = |line: &LineState| line.cancelled + line.returned_ok + line.replacements_cancelled;
            self.push(Port::Stock, Verb::Release, subject, back(line) - back(&was));
        }
    }

    fn authorization(&mut self, before: &Order) {
        let EventData::AuthorizationVoided { transaction_id } = &self.event.data else { return };
        let amount = before.authorizations.get(transaction_id).map_or(0, |known| known.amount);
        self.push(Port::Authorization, Verb::Release, transaction_id.as_str(), amount.unsigned_abs());
    }

    fn tokens(&mut self, before: &Order, after: &Order) {
        let (was, is) = (held(before), held(after));
        let edited = matches!(self.event.data, EventData::OrderEdited { .. });
        if edited {
            self.each(before, Verb::Release);
        }
        let verbs: &[Verb] = match (if edited { Held::No } else { was }, is) {
            (Held::No, Held::Reserved) => &[Verb::Reserve],
            (Held::No, Held::Committed) => &[Verb::Reserve, Verb::Commit],
            (Held::Reserved, Held::Committed) => &[Verb::Commit],
            (Held::Reserved | Held::Committed, Held::No) => &[Verb::Release],
            _ => &[],
        };
        for verb in verbs {
            self.each(after, *verb);
        }
    }

    fn each(&mut self, order: &Order, verb: Verb) {
        for token in order.placement().map_or(&[][..], Placement::tokens) {
            let port = match token.kind {
                TokenKind::Coupon => Port::Coupon,
                TokenKind::Points => Port::Points,
            };
            self.push(port, verb, token.id.as_str(), token.amount);
        }
    }
}

fn lines(order: &Order) -> impl Iterator<Item = (&PlacedLine, &LineState)> {
    order.placement().map_or(&[][..], Placement::lines).iter().zip(order.lines())
}

/// What an order does with its coupons and points.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Held {
    No,
    Reserved,
    Committed,
}

fn held(order: &Order) -> Held {
    match order.life() {
        Life::Draft | Life::Cancelled | Life::Expired => Held::No,
        life if life.awaits_money() => Held::Reserved,
        _ => Held::Committed,
    }
}
