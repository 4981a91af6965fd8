//! What an order freezes when it is placed: lines, money, terms, and what commission needs.

use crate::doc::{Fields, Node, Sink};
use crate::error::{Code, Error, Result};
use crate::id::{LineId, OrderId};
use crate::money::Currency;
use crate::sale::{self, Parties, Sale, SaleDraft, SaleLine, read};
use crate::time::Timestamp;
use crate::trade::pricing::Quote;

/// Who lets a paid order go to the warehouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Release {
    /// A command does, after a risk check or a group buy.
    #[default]
    Manual,
    /// Payment does.
    Automatic,
}

/// The timers of an order and how it is released.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Terms {
    /// Milliseconds from placement until an unpaid order expires; none means never.
    pub pay_within_ms: Option<i64>,
    /// Milliseconds from the last shipment until shipped units count as delivered; none means never.
    pub receive_within_ms: Option<i64>,
    /// Milliseconds from the last delivery until a received order completes.
    pub window_ms: i64,
    /// Who releases it.
    pub release: Release,
}

/// The quote an order was placed with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QuoteMark {
    /// The quote's hash, 64 hex digits.
    pub hash: String,
    /// The version of the pricing policy.
    pub policy_version: String,
    /// The last moment the quote may be placed.
    pub valid_until: Timestamp,
}

/// The fields of a placement before they are checked, for hosts that price by themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacementDraft {
    /// The currency of every amount.
    pub currency: Currency,
    /// What is sold; the `paid` component of a line is its net.
    pub lines: Vec<SaleLine>,
    /// What the buyer pays for shipping, in minor units at or above zero.
    pub shipping: i64,
    /// Timers and release.
    pub terms: Terms,
    /// Who bought and who stands above; without it the order becomes no sale.
    pub parties: Option<Parties>,
    /// The hash of the commission plan in force.
    pub plan: Option<String>,
}

/// A checked placement. Its lines stand in the order of their ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    draft: PlacementDraft,
    total: i64,
    quote: Option<QuoteMark>,
}

impl Placement {
    /// Checks a placement without a quote.
    ///
    /// # Errors
    /// [`Code::InvalidCommand`] names the value and the rule: a line that stands twice, a line without
    /// `paid`, an amount below zero, a member who is their own upline; [`Code::Overflow`] when the total
    /// does not fit.
    pub fn new(mut draft: PlacementDraft) -> Result<Self> {
        let fault = |rule: String| Err(Error::new(Code::InvalidCommand, format!("place: {rule}")));
        let path = draft.parties.as_ref().map_or(Ok(()), |who| sale::check_path(&who.buyer, &who.upline));
        if let Err(rule) = path.and_then(|()| sale::check_lines(&draft.lines)) {
            return fault(rule);
        }
        if let Some(line) = draft.lines.iter().find(|line| !line.components.contains_key("paid")) {
            return fault(format!("line {} does not state `paid`, what the buyer pays for it", line.id));
        }
        let terms = draft.terms;
        let times = [
            ("shipping", draft.shipping),
            ("pay_within_ms", terms.pay_within_ms.unwrap_or(0)),
            ("receive_within_ms", terms.receive_within_ms.unwrap_or(0)),
            ("window_ms", terms.window_ms),
        ];
        if let Some((name, value)) = times.iter().find(|(_, value)| *value < 0) {
            return fault(format!("{name} is {value}, below zero"));
        }
        let sum = draft.lines.iter().map(|line| i128::from(line.paid())).sum::<i128>();
        let total = i64::try_from(sum + i128::from(draft.shipping)).map_err(|_| {
            Error::new(Code::Overflow, "place: the total does not fit a signed 64-bit amount of minor units")
        })?;
        sale::sort_lines(&mut draft.lines);
        Ok(Self { draft, total, quote: None })
    }

    /// Places what a quote priced.
    ///
    /// # Errors
    /// The rules of [`Placement::new`].
    pub fn from_quote(
        quote: &Quote,
        terms: Terms,
        parties: Option<Parties>,
        plan: Option<String>,
    ) -> Result<Self> {
        let lines = quote.lines().iter().map(|line| line.sold.clone()).collect();
        let shipping = quote.shipping();
        let mut placement =
            Self::new(PlacementDraft { currency: quote.currency(), lines, shipping, terms, parties, plan })?;
        if placement.total != quote.total() {
            let rule = "place: orders of quotes with added tax or cash rounding are not in this version";
            return Err(Error::new(Code::NotSupported, rule));
        }
        placement.quote = Some(QuoteMark {
            hash: quote.hash().to_owned(),
            policy_version: quote.policy_version().to_owned(),
            valid_until: quote.valid_until(),
        });
        Ok(placement)
    }

    /// The currency of every amount.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.draft.currency
    }

    /// The lines in the order of their ids.
    #[must_use]
    pub fn lines(&self) -> &[SaleLine] {
        &self.draft.lines
    }

    /// What the buyer pays for shipping.
    #[must_use]
    pub const fn shipping(&self) -> i64 {
        self.draft.shipping
    }

    /// The nets of the lines and the shipping.
    #[must_use]
    pub const fn total(&self) -> i64 {
        self.total
    }

    /// Timers and release.
    #[must_use]
    pub const fn terms(&self) -> Terms {
        self.draft.terms
    }

    /// The hash of the commission plan in force.
    #[must_use]
    pub fn plan(&self) -> Option<&str> {
        self.draft.plan.as_deref()
    }

    /// Who bought and who stands above.
    #[must_use]
    pub const fn parties(&self) -> Option<&Parties> {
        self.draft.parties.as_ref()
    }

    /// The quote it was placed with, if any.
    #[must_use]
    pub const fn quote(&self) -> Option<&QuoteMark> {
        self.quote.as_ref()
    }

    /// Where a line stands.
    pub(super) fn position(&self, id: &LineId) -> Option<usize> {
        self.draft.lines.binary_search_by(|line| sale::id_order(&line.id, id)).ok()
    }

    /// The sale these lines are, when the parties are known.
    pub(super) fn to_sale(&self, tenant: &str, id: &OrderId, placed_at: Timestamp) -> Result<Sale> {
        let Some(parties) = self.parties() else {
            let rule = format!("order {id} was placed without `sale`, so nobody is known to pay");
            return Err(Error::new(Code::InvalidSale, rule));
        };
        Sale::new(SaleDraft {
            tenant: tenant.to_owned(),
            id: id.clone(),
            version: 1,
            currency: self.currency(),
            placed_at,
            buyer: parties.buyer.clone(),
            upline: parties.upline.clone(),
            roles: parties.roles.clone(),
            facts: parties.facts.clone(),
            lines: self.draft.lines.clone(),
        })
    }

    /// Reads the fields of a `place` command: a whole quote, or lines of a host that prices by itself.
    ///
    /// # Errors
    /// Names the key, the value and the rule.
    pub(super) fn from_command(fields: &mut Fields<'_>) -> Result<Self> {
        let Some(quote) = fields.take("quote") else { return Self::from_lines(fields) };
        let (parties, plan) = sale_from_fields(fields)?;
        let terms = fields.take("terms").map_or(Ok(Terms::default()), terms_from_node)?;
        Self::from_quote(&Quote::from_node(quote)?, terms, parties, plan)
    }

    /// Reads the fields of an `order_placed` event: lines, and the mark of the quote they came from.
    ///
    /// # Errors
    /// Names the key, the value and the rule.
    pub(super) fn from_event(fields: &mut Fields<'_>) -> Result<Self> {
        let mut placement = Self::from_lines(fields)?;
        placement.quote = fields.take("quote").map(mark_from_node).transpose()?;
        Ok(placement)
    }

    fn from_lines(fields: &mut Fields<'_>) -> Result<Self> {
        let (parties, plan) = sale_from_fields(fields)?;
        let currency = Currency::parse(fields.need_text("currency")?)?;
        let lines = fields.list("lines")?.iter().enumerate();
        let placement = Self::new(PlacementDraft {
            currency,
            lines: lines.map(|(at, line)| read::line_from_node(line, at)).collect::<Result<_>>()?,
            shipping: fields.int("shipping")?.unwrap_or(0),
            terms: fields.take("terms").map_or(Ok(Terms::default()), terms_from_node)?,
            parties,
            plan,
        })?;
        if let Some(stated) = fields.int("total")?.filter(|stated| *stated != placement.total) {
            let rule = format!("`total` is {stated}, but lines and shipping make {}", placement.total);
            return Err(fields.fault(Code::InvalidCommand, rule));
        }
        Ok(placement)
    }

    /// Writes the fields of an `order_placed` event.
    pub(super) fn write(&self, sink: &mut impl Sink) {
        sink.text("currency", self.currency().code());
        sink.list("lines", self.lines(), |sink, line| read::write_line(sink, line));
        if let Some(quote) = &self.quote {
            sink.map("quote", |sink| {
                sink.text("hash", &quote.hash);
                sink.text("policy_version", &quote.policy_version);
                sink.int("valid_until", quote.valid_until.ms());
            });
        }
        if let Some(parties) = self.parties() {
            sink.map("sale", |sink| {
                sink.node("buyer", &read::person_to_node(&parties.buyer));
                sink.tree("facts", &parties.facts);
                if let Some(plan) = self.plan() {
                    sink.text("plan", plan);
                }
                sink.node("roles", &read::roles_to_node(&parties.roles));
                sink.node("upline", &read::people_to_node(&parties.upline));
            });
        }
        sink.int("shipping", self.shipping());
        let terms = self.terms();
        sink.map("terms", |sink| {
            sink.node("auto_release", &(terms.release == Release::Automatic).into());
            if let Some(ms) = terms.pay_within_ms {
                sink.int("pay_within_ms", ms);
            }
            if let Some(ms) = terms.receive_within_ms {
                sink.int("receive_within_ms", ms);
            }
            sink.int("window_ms", terms.window_ms);
        });
        sink.int("total", self.total);
    }
}

/// Takes `sale`: the parties, and the hash of the plan in force.
fn sale_from_fields(fields: &mut Fields<'_>) -> Result<(Option<Parties>, Option<String>)> {
    let Some(node) = fields.take("sale") else { return Ok((None, None)) };
    let mut inner = Fields::new(node, format!("{}: `sale`", fields.what()))?;
    let plan = inner.text("plan")?.map(str::to_owned);
    let parties = read::parties_from_fields(&mut inner, "sale")?;
    inner.finish()?;
    Ok((Some(parties), plan))
}

fn terms_from_node(node: &Node) -> Result<Terms> {
    let mut fields = Fields::new(node, "terms")?;
    let automatic = fields.flag("auto_release")?.unwrap_or(false);
    let terms = Terms {
        pay_within_ms: fields.int("pay_within_ms")?,
        receive_within_ms: fields.int("receive_within_ms")?,
        window_ms: fields.int("window_ms")?.unwrap_or(0),
        release: if automatic { Release::Automatic } else { Release::Manual },
    };
    fields.finish()?;
    Ok(terms)
}

fn mark_from_node(node: &Node) -> Result<QuoteMark> {
    let mut fields = Fields::new(node, "quote")?;
    let (hash, policy_version) =
        (fields.need_text("hash")?.to_owned(), fields.need_text("policy_version")?.to_owned());
    let valid_until = Timestamp::from_ms(fields.need_int("valid_until")?);
    fields.finish()?;
    Ok(QuoteMark { hash, policy_version, valid_until })
}
