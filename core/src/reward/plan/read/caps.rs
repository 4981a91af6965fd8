//! From a document to caps and accounts.

use super::{check_name, text, unknown_word};
use crate::doc::{Fields, Node, Spot};
use crate::error::{Code, Error, Result};
use crate::money::Rate;
use crate::reward::plan::cap::{Cap, CapPer, Every, Limit, Over, Split};
use std::collections::BTreeMap;

/// The most caps of a rule, and of a plan.
const MAX_CAPS: usize = 16;
/// The most accounts an amount is split over.
const MAX_ACCOUNTS: usize = 16;

/// The caps of all rules together.
pub(super) fn of_plan(fields: &mut Fields<'_>) -> Result<Vec<Cap>> {
    let caps = caps(fields, &[CapPer::Payee, CapPer::Plan])?;
    if caps.iter().any(|cap| cap.over == Over::Carry) {
        let rule = "`over = \"carry\"` leaves volume of pairs for the next period; it goes with `pairing`";
        return Err(fields.fault(Code::InvalidValue, rule));
    }
    Ok(caps)
}

/// The caps of one rule.
pub(super) fn of_rule(fields: &mut Fields<'_>) -> Result<Vec<Cap>> {
    caps(fields, &[CapPer::Payee, CapPer::Rule])
}

/// A cap, or a list of them.
fn caps(fields: &mut Fields<'_>, may_be: &[CapPer]) -> Result<Vec<Cap>> {
    let place = format!("{}: `cap`", fields.what());
    let items = match fields.take("cap") {
        None => &[],
        Some(Node::List(items)) => items.as_slice(),
        Some(single) => std::slice::from_ref(single),
    };
    if items.len() > MAX_CAPS {
        let rule = format!("`cap` lists {} caps; at most {MAX_CAPS}", items.len());
        return Err(fields.fault(Code::InvalidValue, rule));
    }
    let mut caps: Vec<Cap> = Vec::with_capacity(items.len());
    for item in items {
        let cap = cap(item, &place, may_be)?;
        if caps.iter().any(|known| (known.per, known.every) == (cap.per, cap.every)) {
            let (per, every) = (cap.per.name(), cap.every.name());
            let rule = format!("{place} has two caps per {per} every {every}; the lower one is enough");
            return Err(Error::new(Code::InvalidValue, rule).about(Spot::of(item)));
        }
        caps.push(cap);
    }
    Ok(caps)
}

/// Refuses a cap that is a share above the whole base, unless what it caps is allowed to pay that much: it would
/// never be met.
pub(super) fn check_shares(
    place: &str,
    id: &str,
    caps: &[Cap],
    allow: &BTreeMap<String, String>,
) -> Result<()> {
    let too_high = caps.iter().find_map(|cap| match cap.limit {
        Limit::Share(rate) if rate > Rate::ONE && !allow.contains_key(id) => Some(rate),
        _ => None,
    });
    let Some(rate) = too_high else { return Ok(()) };
    let rule = format!("{place}: `cap`: `limit` is {rate} of the base; at most 100% without `allow.{id}`");
    Err(Error::new(Code::InvalidValue, rule))
}

fn cap(node: &Node, place: &str, may_be: &[CapPer]) -> Result<Cap> {
    let mut fields = Fields::table(node, place)?;
    let per = per(&mut fields, may_be)?;
    let every = fields.word("every", &Every::ALL, Every::name)?.unwrap_or(Every::Event);
    let limit = match fields.need("limit")? {
        Node::Int(minor) if *minor >= 0 => Limit::Minor(*minor),
        Node::Text(share) => Limit::Share(share.parse().map_err(|e| {
            Error::from(e).within(&format!("{place}: `limit`")).about(Spot::entry(node, "limit"))
        })?),
        other => return Err(fields.wrong("limit", "minor units at or above zero, or a share", other)),
    };
    let over = match fields.text("over")? {
        // Amounts that come last are cut first: another word for what `retain` does.
        None | Some("truncate") => Over::Retain,
        Some(word) => Over::ALL
            .into_iter()
            .find(|over| over.name() == word)
            .ok_or_else(|| unknown_word(&fields, "over", word, "retain, truncate, flush, carry, scale"))?,
    };
    fields.finish()?;
    if let (Limit::Share(_), Every::Period(_)) = (limit, every) {
        let rule = format!("{place}: a share of the base caps one event; `every` goes with minor units");
        return Err(Error::new(Code::InvalidValue, rule).about(Spot::entry(node, "every")));
    }
    if let (Over::Scale, Every::Period(_)) = (over, every) {
        let rule = format!("{place}: `scale` divides what one event pays; earlier events stay as they are");
        return Err(Error::new(Code::InvalidValue, rule).about(Spot::entry(node, "over")));
    }
    Ok(Cap { per, every, limit, over })
}

fn per(fields: &mut Fields<'_>, may_be: &[CapPer]) -> Result<CapPer> {
    let word = text(fields, "per")?;
    let all = [CapPer::Payee, CapPer::Rule, CapPer::Plan];
    match all.into_iter().find(|per| per.name() == word) {
        Some(per) if may_be.contains(&per) => Ok(per),
        Some(CapPer::Plan) => {
            let rule = "a cap of the whole plan stands in the plan's own `cap`, not in a rule's";
            Err(fields.fault(Code::InvalidValue, rule))
        }
        Some(_) => {
            let rule = "a cap of one rule stands in that rule's `cap`";
            Err(fields.fault(Code::InvalidValue, rule))
        }
        None => Err(unknown_word(fields, "per", &word, "payee, rule, plan")),
    }
}

/// `{ account = share, … }`, which must sum to one.
pub(super) fn split(fields: &mut Fields<'_>) -> Result<Option<Split>> {
    let place = format!("{}: `split`", fields.what());
    let Some(node) = fields.take("split") else { return Ok(None) };
    let table = Fields::table(node, place.as_str())?;
    let fault = |rule: String| Err(Error::new(Code::InvalidValue, format!("{place}: {rule}")));
    let mut parts = Vec::new();
    for (account, share) in table.rest() {
        check_name(&table, "split", account)?;
        let rate = share.as_text().ok_or_else(|| table.wrong(account, "a share such as \"90%\"", share))?;
        let at = Spot::entry(node, account);
        let rate: Rate =
            rate.parse().map_err(|e| Error::from(e).within(&format!("{place}: `{account}`")).about(at))?;
        if rate.is_zero() || account.is_empty() {
            return fault(format!(
                "account `{account}` gets {rate}; name it and give it a part, or leave it out"
            ));
        }
        parts.push((account.to_owned(), rate));
    }
    if parts.is_empty() || parts.len() > MAX_ACCOUNTS {
        return fault(format!("{} accounts; an amount is split over 1 to {MAX_ACCOUNTS}", parts.len()));
    }
    let Some((weights, whole)) = weights(&parts) else {
        return fault("the shares have no common denominator below 2^64".to_owned());
    };
    let sum: i128 = weights.iter().copied().map(i128::from).sum();
    if sum != i128::from(whole) {
        let sum = u64::try_from(sum).ok().and_then(|sum| Rate::new(sum, whole).ok());
        let sum = sum.map_or_else(|| "far more than 100%".to_owned(), |sum| sum.to_string());
        return fault(format!("the shares of all accounts sum to {sum}, not to 100%"));
    }
    Ok(Some(Split { parts, weights }))
}

/// The shares over their common denominator, and the denominator.
fn weights(parts: &[(String, Rate)]) -> Option<(Vec<u64>, u64)> {
    let mut common = 1_u64;
    for (_, rate) in parts {
        common = common.checked_mul(rate.denominator() / gcd(common, rate.denominator()))?;
    }
    let weight = |rate: &Rate| rate.numerator().checked_mul(common / rate.denominator());
    Some((parts.iter().map(|(_, rate)| weight(rate)).collect::<Option<_>>()?, common))
}

const fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
