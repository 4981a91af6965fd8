//! The JSON form of a quote.

use super::{Entry, Quote, QuoteContent, QuoteLine, Tier, Verdict};
use crate::doc::{Fields, Node, NodeSink, Sink};
use crate::error::{Code, Error, Result};
use crate::id::SkuId;
use crate::money::{Currency, Rounding};
use crate::sale::read;
use crate::time::Timestamp;

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
            subtotal: fields.need_int("subtotal")?,
            shipping: fields.need_int("shipping")?,
            total: fields.need_int("total")?,
            trace: fields.list("trace")?.iter().map(entry_from_node).collect::<Result<_>>()?,
            policy_version: fields.need_text("policy_version")?.to_owned(),
            valid_until: Timestamp::from_ms(fields.need_int("valid_until")?),
        };
        fields.finish()?;
        Self::check(&content)?;
        let quote = Self::seal(content);
        if quote.hash != stated {
            let rule = format!("quote: the hash {stated} is not the one of its content; it was changed");
            return Err(Error::new(Code::InvalidQuote, rule));
        }
        Ok(quote)
    }

    /// The document of this quote.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let mut node = NodeSink::of(|sink| self.content.write(sink));
        if let Node::Map(map) = &mut node {
            map.insert("quote_hash".into(), self.hash.as_str().into());
        }
        node
    }
}

impl QuoteContent {
    pub(super) fn write(&self, sink: &mut impl Sink) {
        sink.text("currency", self.currency.code());
        sink.list("lines", &self.lines, |sink, line| {
            sink.int("amount", line.amount);
            sink.text("price", line.tier.name());
            sink.text("sku", line.sku.as_str());
            sink.map("sold", |sink| read::write_line(sink, &line.sold));
            sink.int("unit_price", line.unit_price);
        });
        sink.text("policy_version", &self.policy_version);
        sink.int("shipping", self.shipping);
        sink.int("subtotal", self.subtotal);
        sink.int("total", self.total);
        sink.list("trace", &self.trace, |sink, entry| entry.write(sink));
        sink.int("valid_until", self.valid_until.ms());
    }
}

impl Entry {
    fn write(&self, sink: &mut impl Sink) {
        sink.int("after", self.after);
        sink.int("basis", self.basis);
        sink.int("before", self.before);
        sink.int("denominator", self.denominator);
        sink.int("numerator", self.numerator);
        sink.text("round", self.rounding.name());
        sink.text("rule", &self.rule);
        sink.ints("shares", &self.shares);
        sink.int("stage", self.stage);
        sink.int("unallocated", self.unallocated);
        sink.text("verdict", self.verdict.name());
    }
}

fn line_from_node(node: &Node, at: usize) -> Result<QuoteLine> {
    let mut fields = Fields::new(node, format!("quote: lines[{at}]"))?;
    let sku = fields.need_id("sku")?;
    let line = QuoteLine {
        sku: SkuId::from(sku),
        tier: fields.need_word("price", &[Tier::List, Tier::Member], Tier::name)?,
        unit_price: fields.need_int("unit_price")?,
        amount: fields.need_int("amount")?,
        sold: read::line_from_node(fields.need("sold")?, at)?,
    };
    fields.finish()?;
    Ok(line)
}

fn entry_from_node(node: &Node) -> Result<Entry> {
    let mut fields = Fields::new(node, "quote: trace")?;
    let mut shares = Vec::new();
    for share in fields.list("shares")? {
        let Node::Int(share) = share else { return Err(fields.wrong("shares", "integers", share)) };
        shares.push(*share);
    }
    let entry = Entry {
        stage: fields.need_int("stage")?,
        rule: fields.need_text("rule")?.to_owned(),
        basis: fields.need_int("basis")?,
        numerator: fields.need_int("numerator")?,
        denominator: fields.need_int("denominator")?,
        rounding: Rounding::parse(fields.need_text("round")?)?,
        before: fields.need_int("before")?,
        after: fields.need_int("after")?,
        shares,
        unallocated: fields.need_int("unallocated")?,
        verdict: fields.need_word("verdict", &[Verdict::Applied, Verdict::BelowThreshold], Verdict::name)?,
    };
    fields.finish()?;
    Ok(entry)
}
