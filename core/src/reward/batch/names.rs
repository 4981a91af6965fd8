//! The names behind the numbers of rows, and their keys.

use super::rows::{Origin, RowBlock};
use crate::reward::commission::{CASH, RowId, allocation_key};
use crate::reward::plan::{Per, Plan, Trigger};
use std::collections::BTreeSet;

/// What the numbers in the rows of a plan's batches mean.
#[derive(Clone, Debug)]
pub struct Names {
    /// Id of each rule, and whether its rows have a line.
    rules: Vec<(String, bool)>,
    accounts: Vec<String>,
}

impl Names {
    /// Those of a plan.
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let rules = plan.rules().iter().map(|rule| (rule.id.clone(), rule.round.per != Per::Order));
        let mut names = Self { rules: rules.collect(), accounts: accounts(plan) };
        // Behind a rule without lines no rule has one.
        for at in plan.sequence(None) {
            if let Trigger::After(id) = &plan.rules()[at].trigger {
                names.rules[at].1 &= names.rules.iter().any(|(known, lined)| known == id && *lined);
            }
        }
        names
    }

    /// How many rules there are.
    #[must_use]
    pub fn rules(&self) -> usize {
        self.rules.len()
    }

    /// The id of a rule by its place.
    #[must_use]
    pub fn rule(&self, place: u32) -> Option<&str> {
        self.rules.get(index(place)).map(|(id, _)| id.as_str())
    }

    /// Whether the rows of a rule are for a line, not for the whole order.
    #[must_use]
    pub fn has_line(&self, rule: u32) -> bool {
        self.rules.get(index(rule)).is_some_and(|(_, lined)| *lined)
    }

    /// The accounts rows go to, by their places: the first is [`CASH`].
    #[must_use]
    pub fn accounts(&self) -> &[String] {
        &self.accounts
    }

    /// The name of the account of a row, from the whole column or from none.
    #[must_use]
    pub fn account(&self, column: &[u16], row: usize) -> &str {
        let place = column.get(row).copied().unwrap_or(0);
        self.accounts.get(usize::from(place)).map_or(CASH, String::as_str)
    }

    /// The keys of rows, the same as when their orders are settled alone; `of_row` gives the ids of order and
    /// line of an input row.
    #[must_use]
    pub fn keys(
        &self,
        tenant: &str,
        rows: RowBlock<'_>,
        of_row: impl Fn(u32) -> (String, String),
    ) -> Vec<String> {
        let key = |source: u32, slot: u32, origin: &str, account: &str| {
            let (sale, line) = of_row(source);
            let rule = slot >> 16;
            allocation_key(&RowId {
                tenant,
                sale: &sale,
                version: 1,
                line: if self.has_line(rule) { &line } else { "" },
                source: origin,
                rule: self.rule(rule).unwrap_or_default(),
                level: index(slot & 0xFFFF),
                account,
            })
        };
        let before = |keys: &[String], origin: u32| {
            let at = index(origin).checked_sub(1);
            at.and_then(|at| keys.get(at)).cloned().unwrap_or_default()
        };
        // An origin stands behind the one it comes from.
        let mut origins: Vec<String> = Vec::with_capacity(rows.table.len());
        for Origin { source, slot, origin, .. } in rows.table {
            let from = before(&origins, *origin);
            origins.push(key(*source, *slot, &from, CASH));
        }
        let of = |at: usize| {
            let from = before(&origins, rows.origins.get(at).copied().unwrap_or(0));
            key(rows.sources[at], rows.slots[at], &from, self.account(rows.accounts, at))
        };
        (0..rows.slots.len()).map(of).collect()
    }
}

/// The names of all accounts, [`CASH`] first, the others by their bytes.
pub(super) fn accounts(plan: &Plan) -> Vec<String> {
    let splits = plan.rules().iter().filter_map(|rule| rule.split.as_ref());
    let named: BTreeSet<&str> =
        splits.flat_map(|split| split.parts()).map(|(account, _)| account.as_str()).collect();
    let others = named.into_iter().filter(|account| *account != CASH);
    [CASH].into_iter().chain(others).map(str::to_owned).collect()
}

fn index(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}
