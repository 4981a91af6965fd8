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

impl From<Sum> for MemberTotal {
    fn from(sum: Sum) -> Self {
        let payee = MemberIx::new(u32::try_from(sum.payee).unwrap_or(u32::MAX));
        Self { payee, account: sum.account, amount: sum.amount }
    }
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
        Ok(add_up(self.as_block().amounts_by_member())?.into_iter().map(MemberTotal::from).collect())
    }
}

impl<'a> RowBlock<'a> {
    /// Payee, account and amount of each row, for [`add_up`].
    pub fn amounts_by_member(self) -> impl Iterator<Item = (u64, u16, i64)> + Clone + 'a {
        let account = move |row: usize| self.accounts.get(row).copied().unwrap_or(0);
        let rows = self.payees.iter().zip(self.amounts).enumerate();
        rows.map(move |(row, (payee, amount))| (u64::from(*payee), account(row), *amount))
    }
}

/// What rows of one payee and account come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sum {
    /// The first of these rows.
    pub first: usize,
    /// Who is paid.
    pub payee: u64,
    /// On which account.
    pub account: u16,
    /// Minor units.
    pub amount: i64,
}

impl Sum {
    fn add(&mut self, amount: i64) -> Result<()> {
        let overflow = || Error::new(Code::Overflow, "what a member gets in all does not fit 64 bits");
        self.amount = self.amount.checked_add(amount).ok_or_else(overflow)?;
        Ok(())
    }
}

/// Adds up rows, each a payee, an account and an amount, in the order of the first row of each payee and account.
///
/// # Errors
/// [`Code::Overflow`] where a sum does not fit.
pub fn add_up(rows: impl Iterator<Item = (u64, u16, i64)> + Clone) -> Result<Vec<Sum>> {
    let most = |(len, payee, account): (usize, u64, u16), row: (u64, u16, i64)| {
        (len + 1, payee.max(row.0), account.max(row.1))
    };
    let (len, payee, account) = rows.clone().fold((0, 0, 0), most);
    let width = usize::from(account) + 1;
    let people = usize::try_from(payee).ok().and_then(|payee| payee.checked_add(1));
    // A place for everybody there may be, unless that is much more than there are rows.
    match people.and_then(|people| people.checked_mul(width)) {
        Some(places) if places / 4 <= len && u32::try_from(len).is_ok() => add_in_places(rows, places, width),
        _ => add_in_order(rows),
    }
}

fn add_in_places(
    rows: impl Iterator<Item = (u64, u16, i64)>,
    places: usize,
    width: usize,
) -> Result<Vec<Sum>> {
    // The place of each sum from 1; 0 for none.
    let mut place_of = vec![0_u32; places];
    let mut sums: Vec<Sum> = Vec::new();
    for (first, (payee, account, amount)) in rows.enumerate() {
        let key = usize::try_from(payee).unwrap_or(usize::MAX) * width + usize::from(account);
        match usize::try_from(place_of[key]).unwrap_or(0).checked_sub(1) {
            Some(at) => sums[at].add(amount)?,
            None => {
                sums.push(Sum { first, payee, account, amount });
                place_of[key] = u32::try_from(sums.len()).unwrap_or(u32::MAX);
            }
        }
    }
    Ok(sums)
}

fn add_in_order(rows: impl Iterator<Item = (u64, u16, i64)>) -> Result<Vec<Sum>> {
    let one = |(first, (payee, account, amount))| Sum { first, payee, account, amount };
    let mut rows: Vec<Sum> = rows.enumerate().map(one).collect();
    rows.sort_unstable_by_key(|row| (row.payee, row.account, row.first));
    let mut sums: Vec<Sum> = Vec::new();
    for row in rows {
        match sums.last_mut() {
            Some(sum) if (sum.payee, sum.account) == (row.payee, row.account) => sum.add(row.amount)?,
            _ => sums.push(row),
        }
    }
    sums.sort_unstable_by_key(|sum| sum.first);
    Ok(sums)
}

#[cfg(test)]
mod tests {
    use super::{Code, Sum, add_in_order, add_up};
    use std::collections::BTreeMap;

    fn sum(first: usize, payee: u64, account: u16, amount: i64) -> Sum {
        Sum { first, payee, account, amount }
    }

    #[test]
    fn each_member_and_account_stands_once_where_it_came_first() {
        // Handles, and ids for which there is no place each.
        for far in [0, 1 << 40, u64::MAX / 4] {
            let row = |payee, account, amount| (payee + far, account, amount);
            let rows = [row(7, 0, 5), row(3, 1, 2), row(7, 1, 1), row(3, 1, 4), row(7, 0, -9), row(9, 0, 0)];
            let wanted =
                [sum(0, 7 + far, 0, -4), sum(1, 3 + far, 1, 6), sum(2, 7 + far, 1, 1), sum(5, 9 + far, 0, 0)];
            assert_eq!(add_up(rows.into_iter()).unwrap(), wanted);
            assert_eq!(add_in_order(rows.into_iter()).unwrap(), wanted);
            let error = add_up([row(1, 0, i64::MAX), row(1, 0, 1)].into_iter()).unwrap_err();
            assert_eq!(error.code(), Code::Overflow);
        }
        assert_eq!(add_up(std::iter::empty()).unwrap(), []);
    }

    #[test]
    fn many_rows_add_up_as_in_a_map() {
        let mut seed = 7_u64;
        let mut dice = |end: u64| {
            seed = seed.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
            (seed >> 33) % end
        };
        for (members, apart) in [(1, 1), (5, 1), (300, 1), (2000, 1), (300, 1 << 50)] {
            let mut one = || {
                let payee = (dice(members) + 1) * apart;
                (payee, u16::try_from(dice(3)).unwrap(), i64::try_from(dice(1000)).unwrap())
            };
            let rows: Vec<_> = (0..2000).map(|_| one()).collect();
            let mut wanted: BTreeMap<(u64, u16), Sum> = BTreeMap::new();
            for (first, (payee, account, amount)) in rows.iter().copied().enumerate() {
                let sum = wanted.entry((payee, account)).or_insert(sum(first, payee, account, 0));
                sum.amount += amount;
            }
            let mut wanted: Vec<Sum> = wanted.into_values().collect();
            wanted.sort_by_key(|sum| sum.first);
            assert_eq!(add_up(rows.iter().copied()).unwrap(), wanted);
            assert_eq!(add_in_order(rows.into_iter()).unwrap(), wanted);
        }
    }
}
