//! What an order freezes when it is placed: lines, money, terms, and what commission needs.

use super::method::Payments;
use super::terms::{Release, Tender, Terms};
use super::token::{self, Token, Used};
use crate::doc::{Fields, Node, Sink};
use crate::error::{Code, Error, Result};
use crate::id::{LineId, MerchantId, OrderId};
use crate::money::Currency;
use crate::sale::{self, Parties, Sale, SaleDraft, SaleLine, read};
use crate::time::Timestamp;
use crate::trade::fulfilment::Fulfilment;
use crate::trade::pricing::{Quote, QuoteLine};
use std::collections::BTreeMap;
use std::ops::Deref;

/// One line of an order: what is sold, how it reaches the buyer and who sells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedLine {
    /// What is sold; its `paid` component is the line's net.
    pub sold: SaleLine,
    /// How it reaches the buyer.
    pub fulfilment: Fulfilment,
    /// The merchant who sells it; none for the mall itself.
    pub merchant: Option<MerchantId>,
    /// Tax the buyer pays on top of the net, for the whole line; zero where prices include it.
    pub added_tax: i64,
}

impl From<SaleLine> for PlacedLine {
    /// A line that is sent, sold by the mall itself, without added tax.
    fn from(sold: SaleLine) -> Self {
        Self { sold, fulfilment: Fulfilment::Ship, merchant: None, added_tax: 0 }
    }
}

impl Deref for PlacedLine {
    type Target = SaleLine;

    fn deref(&self) -> &SaleLine {
        &self.sold
    }
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
    /// What is sold.
    pub lines: Vec<PlacedLine>,
    /// What the buyer pays for shipping with its tax, in minor units at or above zero.
    pub shipping: i64,
    /// What cash rounding (抹零) adds to the total, below zero where it takes off.
    pub rounding: i64,
    /// Coupons and points the price was made with.
    pub tokens: Vec<Token>,
    /// Timers, release and tender; the tender follows from the payment method where one is chosen.
    pub terms: Terms,
    /// How it may be paid.
    pub payment: Payments,
    /// Who bought and who stands above; without it the order becomes no sale.
    pub parties: Option<Parties>,
    /// The hash of the commission plan in force.
    pub plan: Option<String>,
}

impl PlacementDraft {
    /// A draft of lines alone.
    #[must_use]
    pub fn new(currency: Currency, lines: Vec<PlacedLine>) -> Self {
        Self {
            currency,
            lines,
            shipping: 0,
            rounding: 0,
            tokens: Vec::new(),
            terms: Terms::default(),
            payment: Payments::default(),
            parties: None,
            plan: None,
        }
    }
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
    pub fn new(draft: PlacementDraft) -> Result<Self> {
        Self::checked(draft, "place")
    }

    /// A placement that a command of this name asks for.
    fn checked(mut draft: PlacementDraft, what: &str) -> Result<Self> {
        let fault = |rule: String| Err(Error::new(Code::InvalidCommand, format!("{what}: {rule}")));
        let path = draft.parties.as_ref().map_or(Ok(()), |who| {
            sale::check_path(&who.buyer, &who.upline).and_then(|()| who.around.check(&who.buyer))
        });
        let lines = draft.lines.iter().map(Deref::deref);
        if let Err(rule) = path.and_then(|()| sale::check_lines(lines)) {
            return fault(rule);
        }
        if let Some(line) = draft.lines.iter().find(|line| !line.components.contains_key("paid")) {
            return fault(format!("line {} does not state `paid`, what the buyer pays for it", line.id));
        }
        if let Some(line) = draft.lines.iter().find(|line| line.added_tax < 0) {
            return fault(format!("line {}: added_tax is {}, below zero", line.id, line.added_tax));
        }
        if let Some(token) = draft.tokens.iter().find(|token| token.amount == 0) {
            return fault(format!(
                "{} {}: an amount of 0, above zero is wanted",
                token.kind.name(),
                token.id
            ));
        }
        let times = draft.terms.times().into_iter().chain([("shipping", draft.shipping)]);
        if let Some((name, value)) = times.into_iter().find(|(_, value)| *value < 0) {
            return fault(format!("{name} is {value}, below zero"));
        }
        let sum = |line: &PlacedLine| i128::from(line.paid()) + i128::from(line.added_tax);
        let sum = draft.lines.iter().map(sum).sum::<i128>() + i128::from(draft.shipping);
        let narrow = |sum: i128| {
            i64::try_from(sum).map_err(|_| {
                let rule = "the total does not fit a signed 64-bit amount of minor units";
                Error::new(Code::Overflow, format!("{what}: {rule}"))
            })
        };
        narrow(sum)?;
        let total = narrow(sum + i128::from(draft.rounding))?;
        if total < 0 {
            return fault(format!("rounding is {}, and the total would be {total}", draft.rounding));
        }
        draft.terms.tender = draft.payment.tender(draft.terms.tender)?;
        draft.lines.sort_by(|a, b| sale::id_order(&a.id, &b.id));
        Ok(Self { draft, total, quote: None })
    }

    /// Places what a quote priced. Its coupons are taken by the ids of their rules, its points from the
    /// account of the buyer.
    ///
    /// # Errors
    /// The rules of [`Placement::new`]; [`Code::InvalidCommand`] when points are used and no buyer is known.
    pub fn from_quote(
        quote: &Quote,
        terms: Terms,
        parties: Option<Parties>,
        plan: Option<String>,
    ) -> Result<Self> {
        let mut draft = Self::draft_of(quote);
        draft.terms = terms;
        draft.parties = parties;
        draft.plan = plan;
        Used::of(quote).fill(&mut draft, "place")?;
        Self::quoted(quote, draft, "place")
    }

    /// The same placement, to be paid as this says.
    ///
    /// # Errors
    /// [`Code::InvalidCommand`] for methods of one id, a choice that is not listed, or one that contradicts
    /// the tender.
    pub fn with_payment(self, payment: Payments) -> Result<Self> {
        let draft = PlacementDraft { payment, ..self.draft };
        Ok(Self { quote: self.quote, ..Self::new(draft)? })
    }

    fn draft_of(quote: &Quote) -> PlacementDraft {
        let line = |line: &QuoteLine| PlacedLine {
            sold: line.sold.clone(),
            fulfilment: line.fulfilment,
            merchant: line.merchant.clone(),
            added_tax: line.added_tax,
        };
        let lines = quote.lines().iter().map(line).collect();
        PlacementDraft {
            shipping: quote.shipping_due(),
            rounding: quote.rounding(),
            ..PlacementDraft::new(quote.currency(), lines)
        }
    }

    fn quoted(quote: &Quote, draft: PlacementDraft, what: &str) -> Result<Self> {
        let mark = QuoteMark {
            hash: quote.hash().to_owned(),
            policy_version: quote.policy_version().to_owned(),
            valid_until: quote.valid_until(),
        };
        let placement = Self::checked(draft, what)?;
        if placement.total != quote.total() {
            let rule = format!("{what}: the quote is of {}, its parts of {}", quote.total(), placement.total);
            return Err(Error::new(Code::InvalidQuote, rule));
        }
        Ok(Self { quote: Some(mark), ..placement })
    }

    /// The same agreement about other lines: terms, parties and plan stay as they were frozen.
    pub(super) fn revised(&self, revision: &Revision) -> Result<Self> {
        let mut draft = revision.draft.clone();
        if draft.currency != self.currency() {
            let rule = format!("edit: the order is in {}, not in {}", self.currency(), draft.currency);
            return Err(Error::new(Code::CurrencyMismatch, rule));
        }
        draft.terms = self.terms();
        draft.payment = self.draft.payment.clone();
        draft.parties = self.draft.parties.clone();
        draft.plan = self.draft.plan.clone();
        revision.used.as_ref().map_or(Ok(()), |used| used.fill(&mut draft, "edit"))?;
        Ok(Self { quote: revision.quote.clone(), ..Self::checked(draft, "edit")? })
    }

    /// The currency of every amount.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.draft.currency
    }

    /// The lines in the order of their ids.
    #[must_use]
    pub fn lines(&self) -> &[PlacedLine] {
        &self.draft.lines
    }

    /// What the buyer pays for shipping.
    #[must_use]
    pub const fn shipping(&self) -> i64 {
        self.draft.shipping
    }

    /// What cash rounding adds to the total.
    #[must_use]
    pub const fn rounding(&self) -> i64 {
        self.draft.rounding
    }

    /// Coupons and points the price was made with.
    #[must_use]
    pub fn tokens(&self) -> &[Token] {
        &self.draft.tokens
    }

    /// The nets of the lines, added tax, shipping and cash rounding.
    #[must_use]
    pub const fn total(&self) -> i64 {
        self.total
    }

    /// Timers, release and tender.
    #[must_use]
    pub const fn terms(&self) -> Terms {
        self.draft.terms
    }

    /// How it may be paid.
    #[must_use]
    pub const fn payment(&self) -> &Payments {
        &self.draft.payment
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
    pub(super) fn to_sale(
        &self,
        tenant: &str,
        id: &OrderId,
        version: u32,
        placed_at: Timestamp,
    ) -> Result<Sale> {
        let Some(parties) = self.parties() else {
            let rule = format!("order {id} was placed without `sale`, so nobody is known to pay");
            return Err(Error::new(Code::InvalidSale, rule));
        };
        Sale::new(SaleDraft {
            tenant: tenant.to_owned(),
            id: id.clone(),
            version,
            currency: self.currency(),
            placed_at,
            buyer: parties.buyer.clone(),
            upline: parties.upline.clone(),
            roles: parties.roles.clone(),
            around: parties.around.clone(),
            used: None,
            facts: parties.facts.clone(),
            lines: self.draft.lines.iter().map(|line| line.sold.clone()).collect(),
        })
    }

    /// Reads the fields of a `place` command: a whole quote, or lines of a host that prices by itself.
    ///
    /// # Errors
    /// Names the key, the value and the rule.
    pub(super) fn from_command(fields: &mut Fields<'_>) -> Result<Self> {
        let revision = Revision::from_fields(fields)?;
        Self::agreed(revision, fields)
    }

    /// Reads the fields of an `order_placed` event: lines, and the mark of the quote they came from.
    ///
    /// # Errors
    /// Names the key, the value and the rule.
    pub(super) fn from_event(fields: &mut Fields<'_>) -> Result<Self> {
        let quote = fields.take("quote").map(mark_from_node).transpose()?;
        let draft = draft_from_fields(fields)?;
        // The tokens stand in the event.
        Self::agreed(Revision { draft, quote, used: None }, fields)
    }

    fn agreed(revision: Revision, fields: &mut Fields<'_>) -> Result<Self> {
        let Revision { mut draft, quote, used } = revision;
        if let Some(node) = fields.take("terms") {
            draft.terms = Terms::from_fields(fields.within(node, "terms")?)?;
        }
        if let Some(node) = fields.take("payment") {
            draft.payment = Payments::from_fields(fields.within(node, "payment")?)?;
        }
        (draft.parties, draft.plan) = sale_from_fields(fields)?;
        used.map_or(Ok(()), |used| used.fill(&mut draft, fields.what()))?;
        Ok(Self { quote, ..Self::checked(draft, fields.what())? })
    }

    /// Writes the fields of an `order_placed` event.
    pub(super) fn write(&self, sink: &mut impl Sink) {
        self.write_as(sink, None);
    }

    /// Writes the fields of an `order_edited` event.
    pub(super) fn write_edited(&self, sink: &mut impl Sink, sale_version: u32) {
        self.write_as(sink, Some(sale_version));
    }

    fn write_as<S: Sink>(&self, sink: &mut S, sale_version: Option<u32>) {
        let terms = self.terms();
        let sale = |sink: &mut S| {
            if let Some(parties) = self.parties() {
                sink.map("sale", |sink| self.write_sale(sink, parties));
            }
            if let Some(version) = sale_version {
                sink.count("sale_version", u64::from(version));
            }
        };
        let terms = |sink: &mut S| sink.map("terms", |sink| terms.write(sink));
        write_draft(sink, &self.draft, self.quote.as_ref(), sale, terms);
        sink.int("total", self.total);
    }

    fn write_sale(&self, sink: &mut impl Sink, parties: &Parties) {
        sink.node("buyer", &read::person_to_node(&parties.buyer));
        sink.tree("facts", &parties.facts);
        if let Some(plan) = self.plan() {
            sink.text("plan", plan);
        }
        let mut beside: BTreeMap<_, _> = read::around_to_entries(&parties.around).collect();
        beside.insert("roles", read::roles_to_node(&parties.roles));
        beside.insert("upline", read::people_to_node(&parties.upline));
        beside.iter().for_each(|(key, node)| sink.node(key, node));
    }
}

/// Other lines for an order that is placed: everything but terms, parties and plan, which stay frozen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    draft: PlacementDraft,
    quote: Option<QuoteMark>,
    /// What the quote used, where there is one and the tokens are not on record yet.
    used: Option<Used>,
}

impl Revision {
    /// Lines of a host that prices by itself; `terms`, `parties` and `plan` of the draft are not read.
    #[must_use]
    pub const fn new(draft: PlacementDraft) -> Self {
        Self { draft, quote: None, used: None }
    }

    /// What a quote priced.
    ///
    /// # Errors
    /// The rules of [`Placement::new`].
    pub fn from_quote(quote: &Quote) -> Result<Self> {
        Self::quoted(quote, "edit")
    }

    fn quoted(quote: &Quote, what: &str) -> Result<Self> {
        let placement = Placement::quoted(quote, Placement::draft_of(quote), what)?;
        Ok(Self { draft: placement.draft, quote: placement.quote, used: Some(Used::of(quote)) })
    }

    /// Reads `quote`, or `currency`, `lines`, `shipping`, `rounding`, `tokens` and a `total` to check.
    ///
    /// # Errors
    /// Names the key, the value and the rule.
    pub(super) fn from_fields(fields: &mut Fields<'_>) -> Result<Self> {
        let Some(quote) = fields.take("quote") else { return draft_from_fields(fields).map(Self::new) };
        let mut revision = Self::quoted(&Quote::from_node(quote)?, fields.what())?;
        revision.draft.tokens = token::from_fields(fields)?;
        Ok(revision)
    }

    /// Writes the fields of an `edit` command.
    pub(super) fn write(&self, sink: &mut impl Sink) {
        write_draft(sink, &self.draft, self.quote.as_ref(), |_| {}, |_| {});
    }
}

/// Writes a draft in the order of its keys; `sale` and `terms` stand between `rounding` and `tokens`.
fn write_draft<S: Sink>(
    sink: &mut S,
    draft: &PlacementDraft,
    quote: Option<&QuoteMark>,
    sale: impl FnOnce(&mut S),
    terms: impl FnOnce(&mut S),
) {
    sink.text("currency", draft.currency.code());
    sink.list("lines", &draft.lines, write_placed);
    if !draft.payment.is_empty() {
        sink.map("payment", |sink| draft.payment.write(sink));
    }
    if let Some(quote) = quote {
        sink.map("quote", |sink| {
            sink.text("hash", &quote.hash);
            sink.text("policy_version", &quote.policy_version);
            sink.int("valid_until", quote.valid_until.ms());
        });
    }
    if draft.rounding != 0 {
        sink.int("rounding", draft.rounding);
    }
    sale(sink);
    sink.int("shipping", draft.shipping);
    terms(sink);
    if !draft.tokens.is_empty() {
        sink.list("tokens", &draft.tokens, |sink, token| token.write(sink));
    }
}

fn write_placed<S: Sink>(sink: &mut S, line: &PlacedLine) {
    let mut more = Vec::new();
    if line.added_tax != 0 {
        more.push(("added_tax", line.added_tax.into()));
    }
    if line.fulfilment != Fulfilment::Ship {
        more.push(("fulfilment", line.fulfilment.name().into()));
    }
    if let Some(merchant) = &line.merchant {
        more.push(("merchant", merchant.into()));
    }
    read::write_line_with(sink, &line.sold, &more);
}

/// A line as in a sale, with `fulfilment`, `merchant` and `added_tax`, which are no components.
fn placed_from_fields(mut fields: Fields<'_>, at: usize) -> Result<PlacedLine> {
    Ok(PlacedLine {
        fulfilment: fields.word("fulfilment", Fulfilment::ALL, Fulfilment::name)?.unwrap_or_default(),
        merchant: fields.id("merchant")?.map(MerchantId::from),
        added_tax: fields.int("added_tax")?.unwrap_or(0),
        sold: read::line_from_fields(fields, at)?,
    })
}

fn draft_from_fields(fields: &mut Fields<'_>) -> Result<PlacementDraft> {
    let currency = Currency::parse(fields.need_text("currency")?)?;
    let nodes = fields.list("lines")?.iter().enumerate();
    let place = |at: usize| format!("{}: lines[{at}]", fields.what());
    let line = |(at, node)| placed_from_fields(fields.within(node, place(at))?, at);
    let lines = nodes.map(line).collect::<Result<_>>()?;
    let draft = PlacementDraft {
        shipping: fields.int("shipping")?.unwrap_or(0),
        rounding: fields.int("rounding")?.unwrap_or(0),
        tokens: token::from_fields(fields)?,
        ..PlacementDraft::new(currency, lines)
    };
    if let Some(stated) = fields.int("total")? {
        let total = Placement::checked(draft.clone(), fields.what())?.total;
        if total != stated {
            let rule = format!("`total` is {stated}, but lines, shipping and rounding make {total}");
            return Err(fields.fault(Code::InvalidCommand, rule));
        }
    }
    Ok(draft)
}

/// Takes `sale`: the parties, and the hash of the plan in force.
fn sale_from_fields(fields: &mut Fields<'_>) -> Result<(Option<Parties>, Option<String>)> {
    let Some(node) = fields.take("sale") else { return Ok((None, None)) };
    let mut inner = fields.within(node, format!("{}: `sale`", fields.what()))?;
    let plan = inner.text("plan")?.map(str::to_owned);
    let parties = read::parties_from_fields(&mut inner, "sale")?;
    inner.finish()?;
    Ok((Some(parties), plan))
}

fn mark_from_node(node: &Node) -> Result<QuoteMark> {
    let mut fields = Fields::of_log(node, "quote")?;
    let (hash, policy_version) =
        (fields.need_text("hash")?.to_owned(), fields.need_text("policy_version")?.to_owned());
    let valid_until = Timestamp::from_ms(fields.need_int("valid_until")?);
    fields.finish()?;
    Ok(QuoteMark { hash, policy_version, valid_until })
}

impl Placement {
    /// Whether payment releases the order by itself.
    pub(super) fn releases_itself(&self) -> bool {
        self.terms().release == Release::Automatic
    }

    /// Whether the courier collects the money.
    pub(super) fn is_paid_on_delivery(&self) -> bool {
        self.terms().tender == Tender::OnDelivery
    }
}
