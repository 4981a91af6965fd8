//! Row keys: the same in every language and version, for the host's own unique index.

use super::CASH;
use crate::doc::short_hash;
use crate::sale::Sale;

/// The tag that starts every key; it changes only if the meaning of a key does.
const TAG: &str = "fenrun.row/0";

/// The key of an allocation: of a slot of a sale, whoever stands there and whatever it pays.
///
/// A retry with another chain or plan meets the same key, so a unique index stops a second payment.
#[must_use]
pub fn row_key(
    sale: &Sale,
    line: Option<&str>,
    source: Option<&str>,
    rule: &str,
    level: usize,
    account: &str,
) -> String {
    let (line, source) = (line.unwrap_or(""), source.unwrap_or(""));
    let (version, level) = (sale.version.to_string(), level.to_string());
    let (tenant, sale) = (&*sale.tenant, sale.id.as_str());
    short_hash(&[TAG, "allocation", tenant, sale, &version, line, source, rule, &level, account])
}

/// The same key of an amount that no rule splits, from the ids alone, for rows of a batch; `line` and `source` are empty where there is none.
#[must_use]
pub fn allocation_key(
    tenant: &str,
    sale: &str,
    version: u32,
    line: &str,
    source: &str,
    rule: &str,
    level: usize,
) -> String {
    let (version, level) = (version.to_string(), level.to_string());
    short_hash(&[TAG, "allocation", tenant, sale, &version, line, source, rule, &level, CASH])
}

/// The key of an amount that the close of a period pays: of a level of a source, a member or a row that the
/// rule runs after (`from`, empty otherwise), on one account.
#[must_use]
pub fn period_key(
    tenant: &str,
    period: &str,
    member: &str,
    from: &str,
    rule: &str,
    level: usize,
    account: &str,
) -> String {
    short_hash(&[TAG, "period", tenant, period, member, from, rule, &level.to_string(), account])
}

/// The key of a reversal: one per refund, rule, payee and account.
#[must_use]
pub fn reversal_key(sale: &Sale, refund: &str, rule: &str, payee: &str, account: &str) -> String {
    let version = sale.version.to_string();
    short_hash(&[TAG, "reversal", &sale.tenant, sale.id.as_str(), &version, refund, rule, payee, account])
}
