//! Late sales and refunds of a period that is closed: what it would have paid, less what it did.

use super::calendar::PeriodKey;
use super::carry::Carry;
use super::close::{Closed, Closing, run};
use super::volumes::Volumes;
use crate::doc::Node;
use crate::error::{Code, Error, Result};
use crate::id::MemberId;
use crate::money::narrow;
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// A closed period with what became known of it since.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    /// As it was closed: its plan, snapshot, volumes and carry.
    pub closing: Closing<'a>,
    /// Changes of its volumes that earlier closes adjusted; refunds are below zero.
    pub adjusted: &'a Volumes,
    /// Changes that came since.
    pub changes: &'a Volumes,
}

/// What a closed period changes when an open one closes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adjustment {
    /// The closed period.
    pub period: PeriodKey,
    /// By rule, payee and account; below zero takes back.
    pub rows: Vec<AdjustmentRow>,
    /// By how much what nobody got changes.
    pub retained_change: i64,
    /// What joins the open period's carry.
    pub(super) carry: Carry,
}

/// One amount that is posted, never zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdjustmentRow {
    /// The rule.
    pub rule: String,
    /// Whose.
    pub payee: MemberId,
    /// The account.
    pub account: String,
    /// Minor units; below zero takes back.
    pub amount: i64,
}

/// Refuses past periods that are not closed, and what stands twice: each entry is adjusted against what earlier
/// closes adjusted, so a second one would not see the first.
pub(super) fn admit(past: &[Past<'_>], open: &Closing<'_>) -> Result<()> {
    let mut run = BTreeMap::<(PeriodKey, &str), BTreeSet<Option<Timestamp>>>::new();
    for Past { closing, .. } in past {
        let Closing { plan, period, part, .. } = *closing;
        open.carry.admit_past(period, open.period)?;
        let from = part.map(|part| part.from);
        let rules = plan.sequence(Some(period.every())).map(|at| plan.rules()[at].id.as_str());
        for rule in rules.filter(|rule| part.is_none_or(|part| part.rules.contains(*rule))) {
            let parts = run.entry((period, rule)).or_default();
            // A whole period holds each of its parts.
            let whole = from.is_none() || parts.contains(&None);
            if whole && !parts.is_empty() || !parts.insert(from) {
                let error = format!(
                    "past: {period} stands twice for rule `{rule}`; state it once, with all that became known of it"
                );
                return Err(Error::new(Code::InvalidValue, error));
            }
        }
    }
    Ok(())
}

/// `f(X + all changes) − f(X + changes adjusted before)`, on the period's own snapshot, ranks and carry.
pub(super) fn adjust(past: &Past<'_>) -> Result<Adjustment> {
    let stood = past.closing.volumes.plus(past.adjusted)?;
    let stands = stood.plus(past.changes)?;
    let before = run(&Closing { volumes: &stood, ..past.closing })?;
    let after = run(&Closing { volumes: &stands, ..past.closing })?;
    let (mut rows, mut retained) = sums(&after);
    let (earlier, retained_before) = sums(&before);
    for (key, amount) in earlier {
        *rows.entry(key).or_default() -= amount;
    }
    retained -= retained_before;
    let row = |((rule, payee, account), amount)| {
        let amount = narrow(amount, || "an adjustment".into()).map_err(Error::from)?;
        Ok(AdjustmentRow { rule, payee, account, amount })
    };
    Ok(Adjustment {
        period: past.closing.period,
        rows: rows.into_iter().filter(|(_, amount)| *amount != 0).map(row).collect::<Result<_>>()?,
        retained_change: narrow(retained, || "an adjustment".into())?,
        carry: after.carry.minus(&before.carry)?,
    })
}

type Sums = BTreeMap<(String, MemberId, String), i128>;

fn sums(closed: &Closed) -> (Sums, i128) {
    let (mut rows, mut retained) = (Sums::new(), 0);
    for outcome in &closed.outcomes {
        for row in &outcome.rows {
            let key = (outcome.rule.clone(), row.payee.clone(), row.account.clone());
            *rows.entry(key).or_default() += i128::from(row.amount);
        }
        retained += outcome.retained.iter().map(|entry| i128::from(entry.amount)).sum::<i128>();
    }
    (rows, retained)
}

impl Adjustment {
    pub(super) fn to_node(&self) -> Node {
        let row = |row: &AdjustmentRow| {
            Node::map([
                ("rule", Node::from(row.rule.as_str())),
                ("payee", (&row.payee).into()),
                ("account", row.account.as_str().into()),
                ("amount", row.amount.into()),
            ])
        };
        Node::map([
            ("period", Node::from(self.period.to_string())),
            ("rows", Node::List(self.rows.iter().map(row).collect())),
            ("retained_change", self.retained_change.into()),
        ])
    }
}
