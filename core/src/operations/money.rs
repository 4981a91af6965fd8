//! Currencies, amounts, rounding and allocation as documents.

use crate::doc::{Fields, Node};
use crate::error::{Code, Error, Result};
use crate::money::{self, Allocate, AllocationMode, Currency, Money, Rate, Rounding, narrow, overflow};

pub(super) fn currency(input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "currency")?;
    let currency = Currency::parse(fields.need_text("code")?)?;
    fields.finish()?;
    Ok(Node::map([
        ("code", Node::from(currency.code())),
        ("exponent", i64::from(currency.exponent()).into()),
    ]))
}

pub(super) fn parse_money(input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "parse_money")?;
    let currency = Currency::parse(fields.need_text("currency")?)?;
    let money = Money::parse(fields.need_text("text")?, currency)?;
    fields.finish()?;
    Ok(Node::map([("minor", Node::from(money.minor())), ("text", money.to_decimal().into())]))
}

pub(super) fn multiply(input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "multiply")?;
    let minor = fields.need_int("minor")?;
    let rate: Rate = fields.need_text("rate")?.parse()?;
    let mode = Rounding::parse(fields.need_text("mode")?)?;
    fields.text("currency")?.map(Currency::parse).transpose()?;
    let units = fields.count("units")?;
    fields.finish()?;
    let product = match units {
        None => rate.of(minor, mode)?,
        Some(units) => rate.of_units(minor, units, mode)?,
    };
    Ok(Node::map([("minor", product.into())]))
}

pub(super) fn round(input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "round")?;
    let value = fields.need_text("value")?;
    let (numerator, denominator) = money::parse_fraction(value)?;
    let mode = Rounding::parse(fields.need_text("mode")?)?;
    fields.finish()?;
    let too_wide = || overflow(format!("`{value}`"));
    let denominator = i128::try_from(denominator).map_err(|_| too_wide())?;
    let rounded = narrow(mode.divide(numerator, denominator), || format!("`{value}`"))?;
    Ok(Node::map([("value", rounded.into())]))
}

pub(super) fn allocate(input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "allocate")?;
    let total = fields.need_int("total")?;
    let weights = weights(fields.list("weights")?)?;
    let caps = optional(&mut fields, "caps", |node| match node {
        Node::Int(cap) => Some(*cap),
        _ => None,
    })?;
    let ids = optional(&mut fields, "ids", |node| match node {
        Node::Int(id) => u64::try_from(*id).ok(),
        _ => None,
    })?;
    let share_round = fields.text("share_round")?.map(Rounding::parse).transpose()?;
    let mode = match fields.text("mode")? {
        None => AllocationMode::default(),
        Some(name) => AllocationMode::parse(name, share_round)?,
    };
    fields.finish()?;
    let allocation =
        Allocate { total, weights: &weights, caps: caps.as_deref(), ids: ids.as_deref(), mode }.run()?;
    let shares = allocation.shares.into_iter().map(Node::Int).collect();
    Ok(Node::map([("shares", Node::List(shares)), ("unallocated", allocation.unallocated.into())]))
}

pub(super) fn telescope(input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "telescope")?;
    let total = fields.need_int("total")?;
    let units = fields.need_int("units")?;
    let units = u64::try_from(units)
        .map_err(|_| fields.fault(Code::InvalidValue, format!("`units` is {units}, below zero")))?;
    let (mut parts, mut from, mut left) = (Vec::new(), 0_u64, total);
    for node in fields.list("parts")? {
        let count = match node {
            Node::Int(count) => u64::try_from(*count).ok(),
            _ => None,
        };
        let count = count.ok_or_else(|| fields.wrong("parts", "a list of counts", node))?;
        let to = from.checked_add(count).ok_or_else(|| overflow("the sum of `parts`"))?;
        let part = money::telescope(total, from, to, units)?;
        parts.push(Node::Int(part));
        left -= part;
        from = to;
    }
    fields.finish()?;
    Ok(Node::map([("parts", Node::List(parts)), ("left", left.into())]))
}

/// Weights as whole numbers: rates are brought to one denominator first.
fn weights(nodes: &[Node]) -> Result<Vec<u64>> {
    let mut fractions = Vec::with_capacity(nodes.len());
    for (at, node) in nodes.iter().enumerate() {
        let (numerator, denominator) = match node {
            Node::Int(weight) => (i128::from(*weight), 1),
            Node::Text(text) => money::parse_fraction(text)?,
            other => return Err(crate::doc::invalid("a weight", "an integer or a rate", other)),
        };
        let Ok(numerator) = u128::try_from(numerator) else {
            let message = format!("weight {} at position {at} is below zero", node.to_json());
            return Err(Error::new(Code::NegativeWeight, message));
        };
        let divisor = gcd(numerator, denominator);
        fractions.push((numerator / divisor, denominator / divisor));
    }
    let too_wide = || Error::from(overflow("a weight over the common denominator of all weights"));
    let common = fractions.iter().try_fold(1_u128, |common, (_, denominator)| {
        (common / gcd(common, *denominator)).checked_mul(*denominator).ok_or_else(too_wide)
    })?;
    let scaled = fractions.iter().map(|(numerator, denominator)| {
        let weight = numerator.checked_mul(common / denominator).ok_or_else(too_wide)?;
        u64::try_from(weight).map_err(|_| too_wide())
    });
    scaled.collect()
}

const fn gcd(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    if a == 0 { 1 } else { a }
}

fn optional<T>(
    fields: &mut Fields<'_>,
    key: &'static str,
    read: impl Fn(&Node) -> Option<T>,
) -> Result<Option<Vec<T>>> {
    let Some(node) = fields.take(key) else { return Ok(None) };
    let Node::List(items) = node else { return Err(fields.wrong(key, "a list", node)) };
    let items =
        items.iter().map(|item| read(item).ok_or_else(|| fields.wrong(key, "a list of integers", item)));
    items.collect::<Result<_>>().map(Some)
}
