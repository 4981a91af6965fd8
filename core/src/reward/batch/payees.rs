//! What each member gets of a whole batch.

use super::rows::{RowBlock, Rows};
use crate::error::{Code, Error, Result};
use crate::reward::referral::MemberIx;

/// What a member gets of a batch on one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberTotal {
    /// Who is paid.
    pub payee: MemberIx,
    /// The place of the account in [`Names::accounts`](super::Names::accounts).
    pub account: u16,
    /// Minor units.
    pub amount: i64,
}

impl Rows {
    /// What each member gets in all on each account, in the order of their first rows.
    ///
    /// ```
    /// use fenrun::reward::{batch::{Orders, settle}, plan::Plan, referral::Forest};
    /// let plan = Plan::from_json(r#"{"schema":"fenrun.plan/1","name":"two levels","currency":"CNY",
    ///     "rule":[{"id":"upline","to":{"up":"referral"},"pay":{"levels":["10%","5%"]}}]}"#)?;
    /// let forest = Forest::from_edges(&[1, 2, 3], &[0, 1, 2])?;
    /// let buyers = forest.resolve(&[3, 2])?;
    /// let rows = settle(&plan, &forest, &Orders::new(&buyers, &[("paid", &[10_000, 999])]), None)?;
    /// let totals = rows.member_totals()?;
    /// let totals: Vec<_> = totals.iter().map(|total| (forest.id(total.payee), total.amount)).collect();
    /// assert_eq!(totals, [(2, 1000), (1, 599)]);
    /// # Ok::<(), fenrun::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`add_up`].
    pub fn member_totals(&self) -> Result<Vec<MemberTotal>> {
        add_up(self.as_block().by_member())
    }
}

impl<'a> RowBlock<'a> {
    /// Its rows as totals of one row each, for [`add_up`].
    pub fn by_member(self) -> impl Iterator<Item = MemberTotal> + 'a {
        let account = move |row: usize| self.accounts.get(row).copied().unwrap_or(0);
        let rows = self.payees.iter().zip(self.amounts).enumerate();
        rows.map(move |(row, (payee, amount))| MemberTotal {
            payee: MemberIx::new(*payee),
            account: account(row),
            amount: *amount,
        })
    }
}

/// Adds up rows of one member and account, in the order of their first rows.
///
/// # Errors
/// [`Code::Overflow`] where a total does not fit.
pub fn add_up(rows: impl Iterator<Item = MemberTotal>) -> Result<Vec<MemberTotal>> {
    let mut rows: Vec<(usize, MemberTotal)> = rows.enumerate().collect();
    // It keeps the order of equal ones, so the first row of each member leads.
    rows.sort_by_key(|(_, row)| (row.payee, row.account));
    let mut totals: Vec<(usize, MemberTotal)> = Vec::new();
    for (at, row) in rows {
        match totals.last_mut() {
            Some((_, total)) if (total.payee, total.account) == (row.payee, row.account) => {
                let overflow = || Error::new(Code::Overflow, "the total of a member does not fit 64 bits");
                total.amount = total.amount.checked_add(row.amount).ok_or_else(overflow)?;
            }
            _ => totals.push((at, row)),
        }
    }
    totals.sort_unstable_by_key(|(at, _)| *at);
    Ok(totals.into_iter().map(|(_, total)| total).collect())
}

#[cfg(test)]
mod tests {
    use super::{Code, MemberIx, MemberTotal, add_up};
    use std::collections::BTreeMap;

    fn row(payee: u32, account: u16, amount: i64) -> MemberTotal {
        MemberTotal { payee: MemberIx::new(payee), account, amount }
    }

    #[test]
    fn each_member_and_account_stands_once_where_it_came_first() {
        let rows = [row(7, 0, 5), row(3, 1, 2), row(7, 1, 1), row(3, 1, 4), row(7, 0, -9), row(9, 0, 0)];
        let totals = add_up(rows.into_iter()).unwrap();
        assert_eq!(totals, [row(7, 0, -4), row(3, 1, 6), row(7, 1, 1), row(9, 0, 0)]);
        assert_eq!(add_up(std::iter::empty()).unwrap(), []);
        let error = add_up([row(1, 0, i64::MAX), row(1, 0, 1)].into_iter()).unwrap_err();
        assert_eq!(error.code(), Code::Overflow);
    }

    #[test]
    fn many_rows_add_up_as_in_a_map() {
        let mut seed = 7_u64;
        let mut dice = |end: u64| {
            seed = seed.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
            (seed >> 33) % end
        };
        for members in [1, 5, 300] {
            let mut one = || {
                let payee = u32::try_from(dice(members) + 1).unwrap();
                row(payee, u16::try_from(dice(3)).unwrap(), i64::try_from(dice(1000)).unwrap())
            };
            let rows: Vec<MemberTotal> = (0..2000).map(|_| one()).collect();
            let (mut wanted, mut order) = (BTreeMap::new(), Vec::new());
            for row in &rows {
                let key = (row.payee, row.account);
                if !order.contains(&key) {
                    order.push(key);
                }
                *wanted.entry(key).or_insert(0) += row.amount;
            }
            let totals = add_up(rows.into_iter()).unwrap();
            let seen: Vec<_> = totals.iter().map(|total| (total.payee, total.account)).collect();
            assert_eq!(seen, order);
            assert!(totals.iter().all(|total| wanted[&(total.payee, total.account)] == total.amount));
        }
    }
}
