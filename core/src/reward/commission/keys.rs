//! Row keys: the same in every language and version, for the host's own unique index.

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
    allocation_key(&RowId {
        tenant: &sale.tenant,
        sale: sale.id.as_str(),
        version: sale.version,
        line: line.unwrap_or_default(),
        source: source.unwrap_or_default(),
        rule,
        level,
        account,
    })
}

/// What tells an allocation from all others.
#[derive(Clone, Copy, Debug)]
pub struct RowId<'a> {
    /// The tenant of the sale.
    pub tenant: &'a str,
    /// The sale.
    pub sale: &'a str,
    /// Its version.
    pub version: u32,
    /// The line; empty when the rule rounds per order.
    pub line: &'a str,
    /// The key of the amount the rule runs after; empty for a rule of the sale itself.
    pub source: &'a str,
    /// The rule.
    pub rule: &'a str,
    /// The level, from 1.
    pub level: usize,
    /// The account.
    pub account: &'a str,
}

/// The same key from ids alone, for rows of a batch.
#[must_use]
pub fn allocation_key(of: &RowId<'_>) -> String {
    let RowId { tenant, sale, version, line, source, rule, level, account } = *of;
    let (version, level) = (version.to_string(), level.to_string());
    short_hash(&[TAG, "allocation", tenant, sale, &version, line, source, rule, &level, account])
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
