//! The JSON form of a quote.

use super::Price;
use super::part::PartOf;
use super::quote::{Quote, QuoteContent, QuoteDelivery, QuoteLine};
use super::scope::names;
use super::trace::{Entry, Per, Verdict};
use crate::doc::{Fields, Node, NodeSink, Sink};
use crate::error::{Code, Error, Result};
use crate::id::{MerchantId, SkuId};
use crate::money::{Currency, Rounding};
use crate::sale::read;
use crate::time::Timestamp;
use crate::trade::fulfilment::Fulfilment;

impl Quote {
    /// Reads a quote and checks its sums and its hash.
    ///
    /// # Errors
    /// [`Code::InvalidQuote`] when hash or sums do not fit; else names the key, the value and the rule.
    pub fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Fields::new(node, "quote")?;
        let stated = fields.need_text("quote_hash")?;
        let lines = fields.list("lines")?.iter().enumerate();
        let content = QuoteContent {
            currency: Currency::parse(fields.need_text("currency")?)?,
            lines: lines.map(|(at, node)| line_from_node(node, at)).collect::<Result<_>>()?,
            deliveries: fields.list("deliveries")?.iter().map(delivery_from_node).collect::<Result<_>>()?,
            subtotal: fields.need_int("subtotal")?,
            shipping: fields.need_int("shipping")?,
            shipping_added_tax: fields.need_int("shipping_added_tax")?,
            tax: fields.need_int("tax")?,
            added_tax: fields.need_int("added_tax")?,
            rounding: fields.need_int("rounding")?,
            total: fields.need_int("total")?,
            points_used: fields.count("points_used")?.unwrap_or(0),
            coupons: names(&mut fields, "coupons")?,
            trace: fields.list("trace")?.iter().map(entry_from_node).collect::<Result<_>>()?,
            policy_version: fields.need_text("policy_version")?.to_owned(),
            valid_until: Timestamp::from_ms(fields.need_int("valid_until")?),
        };
        fields.finish()?;
        content.check()?;
        let quote = Self::seal(content);
        if quote.hash() != stated {
            let rule = format!("quote: the hash {stated} is not the one of its content; it was changed");
            return Err(Error::new(Code::InvalidQuote, rule));
        }
        Ok(quote)
    }

    /// The document of this quote.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let mut node = NodeSink::of(|sink| self.content().write(sink));
        if let Node::Map(map) = &mut node {
            map.insert("quote_hash".into(), self.hash().into());
        }
        node
    }
}

impl Price<'_> {
    /// The document of these amounts.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let lines = self.lines.iter().map(|line| {
            Node::map([
                ("id", Node::from(line.id)),
                ("unit_price", line.unit_price.into()),
                ("amount", line.amount.into()),
                ("net", line.net.into()),
                ("points", line.points.into()),
                ("shipping", line.shipping.into()),
                ("tax", (line.tax + line.shipping_tax).into()),
                ("added_tax", line.added_tax.into()),
            ])
        });
        let count = |units: u64| Node::Int(i64::try_from(units).unwrap_or(i64::MAX));
        let gifts = self.gifts.iter().map(|gift| {
            Node::map([
                ("id", Node::from(&gift.id)),
                ("sku", (&gift.sku.id).into()),
                ("units", count(gift.units)),
            ])
        });
        Node::map([
            ("currency", Node::from(self.currency.code())),
            ("lines", Node::List(lines.collect())),
            ("gifts", Node::List(gifts.collect())),
            ("subtotal", self.subtotal.into()),
            ("shipping", self.shipping.into()),
            ("shipping_added_tax", self.shipping_added_tax.into()),
            ("tax", self.tax.into()),
            ("added_tax", self.added_tax.into()),
            ("rounding", self.rounding.into()),
            ("total", self.total.into()),
            ("points_used", count(self.points_used)),
        ])
    }
}

impl QuoteContent {
    /// Checks the sums of a quote that was read.
    fn check(&self) -> Result<()> {
        let sum = |part: &dyn Fn(&QuoteLine) -> i64| {
            self.lines.iter().map(|line| i128::from(part(line))).sum::<i128>()
        };
        let fault = |rule: &str| Err(Error::new(Code::InvalidQuote, format!("quote: {rule}")));
        let component = |name: &'static str| {
            sum(&|line: &QuoteLine| line.sold.components.get(name).copied().unwrap_or(0))
        };
        let due = [self.shipping, self.added_tax, self.rounding].into_iter().map(i128::from).sum::<i128>();
        if component("paid") + due != i128::from(self.total) {
            return fault("nets, shipping, added tax and rounding are not the total");
        }
        if sum(&|line| line.amount) != i128::from(self.subtotal) {
            return fault("the amounts are not the subtotal");
        }
        if component("shipping") != i128::from(self.shipping) {
            return fault("the lines' shares are not the shipping");
        }
        if sum(&|line| line.added_tax) + i128::from(self.shipping_added_tax) != i128::from(self.added_tax) {
            return fault("the lines' shares are not the added tax");
        }
        if component("tax") != i128::from(self.tax) {
            return fault("the lines' shares are not the tax");
        }
        let signed =
            [self.subtotal, self.shipping, self.shipping_added_tax, self.tax, self.added_tax, self.total];
        let lines = self.lines.iter().flat_map(|line| [line.unit_price, line.amount, line.added_tax]);
        if signed.into_iter().chain(lines).any(|amount| amount < 0) {
            return fault("an amount is below zero");
        }
        Ok(())
    }

    pub(super) fn write(&self, sink: &mut impl Sink) {
        sink.int("added_tax", self.added_tax);
        if !self.coupons.is_empty() {
            let coupons = self.coupons.iter().map(|id| id.as_str().into());
            sink.node("coupons", &Node::List(coupons.collect()));
        }
        sink.text("currency", self.currency.code());
        sink.list("deliveries", &self.deliveries, |sink, delivery| {
            sink.int("fee", delivery.fee);
            sink.node("merchant", &delivery.merchant.clone().into());
            sink.node("template", &delivery.template.clone().into());
        });
        sink.list("lines", &self.lines, |sink, line| {
            sink.int("added_tax", line.added_tax);
            sink.int("amount", line.amount);
            sink.text("fulfilment", line.fulfilment.name());
            sink.node("merchant", &line.merchant.as_ref().map(Node::from).into());
            sink.text("price", &line.price);
            sink.text("sku", line.sku.as_str());
            sink.map("sold", |sink| read::write_line(sink, &line.sold));
            sink.int("unit_price", line.unit_price);
        });
        sink.count("points_used", self.points_used);
        sink.text("policy_version", &self.policy_version);
        sink.int("rounding", self.rounding);
        sink.int("shipping", self.shipping);
        sink.int("shipping_added_tax", self.shipping_added_tax);
        sink.int("subtotal", self.subtotal);
        sink.int("tax", self.tax);
        sink.int("total", self.total);
        sink.list("trace", &self.trace, |sink, entry| entry.write(sink));
        sink.int("valid_until", self.valid_until.ms());
    }
}

impl Entry {
    fn write(&self, sink: &mut impl Sink) {
        sink.int("after", self.after);
        sink.ints("bases", &self.bases);
        sink.int("basis", self.basis);
        sink.int("before", self.before);
        sink.node("ceiling", &self.ceiling.into());
        sink.int("denominator", self.denominator);
        sink.int("numerator", self.numerator);
        if !self.parts.is_empty() {
            let count = |units: u64| Node::Int(i64::try_from(units).unwrap_or(i64::MAX));
            let parts = self.parts.iter().map(|part| Node::List(vec![count(part.units), count(part.of)]));
            sink.node("parts", &Node::List(parts.collect()));
        }
        sink.text("per", self.per.name());
        sink.text("round", self.rounding.name());
        sink.text("rule", &self.rule);
        sink.ints("shares", &self.shares);
        sink.int("stage", self.stage);
        sink.int("unallocated", self.unallocated);
        sink.count("units", self.units);
        sink.text("verdict", self.verdict.name());
        sink.int("version", i64::from(self.version));
    }
}

fn line_from_node(node: &Node, at: usize) -> Result<QuoteLine> {
    let mut fields = Fields::new(node, format!("quote: lines[{at}]"))?;
    let line = QuoteLine {
        sku: SkuId::from(fields.need_id("sku")?),
        price: fields.need_text("price")?.to_owned(),
        unit_price: fields.need_int("unit_price")?,
        amount: fields.need_int("amount")?,
        added_tax: fields.need_int("added_tax")?,
        merchant: fields.id("merchant")?.map(MerchantId::from),
        fulfilment: fields.need_word("fulfilment", Fulfilment::ALL, Fulfilment::name)?,
        sold: read::line_from_node(fields.need("sold")?, at)?,
    };
    fields.finish()?;
    Ok(line)
}

fn delivery_from_node(node: &Node) -> Result<QuoteDelivery> {
    let mut fields = Fields::new(node, "quote: deliveries")?;
    let delivery = QuoteDelivery {
        merchant: fields.text("merchant")?.map(str::to_owned),
        template: fields.text("template")?.map(str::to_owned),
        fee: fields.need_int("fee")?,
    };
    fields.finish()?;
    Ok(delivery)
}

fn entry_from_node(node: &Node) -> Result<Entry> {
    let mut fields = Fields::new(node, "quote: trace")?;
    let entry = Entry {
        stage: fields.need_int("stage")?,
        rule: fields.need_text("rule")?.to_owned(),
        version: fields.count("version")?.unwrap_or(1),
        basis: fields.need_int("basis")?,
        bases: amounts(&mut fields, "bases")?,
        parts: parts_from_fields(&mut fields)?,
        per: fields.need_word("per", Per::ALL, Per::name)?,
        numerator: fields.need_int("numerator")?,
        denominator: fields.need_int("denominator")?,
        rounding: Rounding::parse(fields.need_text("round")?)?,
        ceiling: fields.int("ceiling")?,
        before: fields.need_int("before")?,
        after: fields.need_int("after")?,
        shares: amounts(&mut fields, "shares")?,
        units: fields.count("units")?.unwrap_or(0),
        unallocated: fields.need_int("unallocated")?,
        verdict: fields.need_word("verdict", Verdict::ALL, Verdict::name)?,
    };
    fields.finish()?;
    Ok(entry)
}

fn amounts(fields: &mut Fields<'_>, key: &'static str) -> Result<Vec<i64>> {
    let read = |node: &Node| match node {
        Node::Int(amount) => Ok(*amount),
        other => Err(fields_wrong(key, other)),
    };
    fields.list(key)?.iter().map(read).collect()
}

fn parts_from_fields(fields: &mut Fields<'_>) -> Result<Vec<PartOf>> {
    let count = |node: &Node| match node {
        Node::Int(units) => u64::try_from(*units).ok(),
        _ => None,
    };
    let read = |node: &Node| {
        let part = match node {
            Node::List(pair) if pair.len() == 2 => count(&pair[0]).zip(count(&pair[1])),
            _ => None,
        };
        let part =
            part.map(|(units, of)| PartOf { units, of }).filter(|part| part.units <= part.of && part.of > 0);
        part.ok_or_else(|| crate::doc::invalid("quote: trace: `parts`", "pairs of units, [some, all]", node))
    };
    fields.list("parts")?.iter().map(read).collect()
}

fn fields_wrong(key: &str, node: &Node) -> Error {
    crate::doc::invalid(&format!("quote: trace: `{key}`"), "integers", node)
}
