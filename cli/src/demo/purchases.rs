//! The purchases of the data file, in the order they were made.

use crate::files::read_bytes;
use fenrun::money::{Currency, Money};
use fenrun::time::{DAY_MS, Timestamp, days_from_civil};
use fenrun::{Code, Error, Result};
use std::path::Path;

/// The currency of the file.
pub(crate) const CURRENCY: Currency = Currency::USD;
/// What the shipped file holds.
const SHIPPED: (usize, i64) = (69_659, 250_031_563);

/// One purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Purchase {
    /// The row of the file, from 1: the id of the order.
    pub(crate) row: u64,
    /// The customer's number.
    pub(crate) customer: u64,
    /// When. The file has days only: the n-th purchase of a day is put n seconds after midnight UTC.
    pub(crate) placed_at: Timestamp,
    /// How many CDs.
    pub(crate) units: u64,
    /// What they cost together, in cents.
    pub(crate) minor: i64,
}

impl Purchase {
    /// The cart lines: units and price of one. A total that does not divide is t mod q units at ⌊t/q⌋ + 1
    /// and the rest at ⌊t/q⌋.
    pub(crate) fn lines(&self) -> Vec<(u64, i64)> {
        let units = i64::try_from(self.units).unwrap_or(i64::MAX);
        let (price, dearer) = (self.minor / units, self.minor % units);
        let dearer = u64::try_from(dearer).unwrap_or(0);
        let lines = [(dearer, price + 1), (self.units - dearer, price)];
        lines.into_iter().filter(|(units, _)| *units > 0).collect()
    }
}

/// Reads the file and puts its purchases in the order of day, customer and row.
///
/// # Errors
/// Names file and line of a row that cannot be read; [`Code::Inconsistent`] when the shipped file does not
/// hold what it must.
pub(crate) fn read(path: &Path, shipped: bool) -> Result<Vec<Purchase>> {
    let bytes = read_bytes(path)?;
    let place = path.display();
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Error::new(Code::Syntax, format!("{place}: not UTF-8 text")))?;
    let mut days = Vec::new();
    for (row, line) in (1_u64..).zip(text.lines().skip(1)) {
        let fault = || {
            let rule = "a row is customer, date (YYYYMMDD), number of CDs and dollars";
            Error::new(Code::Row, format!("{place}:{}: {line:?}; {rule}", row + 1))
        };
        days.push(purchase(row, line).ok_or_else(fault)?);
    }
    let total: i64 = days.iter().map(|(_, purchase)| purchase.minor).sum();
    if shipped && (days.len(), total) != SHIPPED {
        let (rows, cents) = SHIPPED;
        let rule =
            format!("{} purchases of {total} cents, not the {rows} of {cents} it came with", days.len());
        return Err(Error::new(Code::Inconsistent, format!("{place}: {rule}")));
    }
    days.sort_by_key(|(day, purchase)| (*day, purchase.customer, purchase.row));
    let mut nth = 0;
    let mut today = i64::MIN;
    for (day, purchase) in &mut days {
        nth = if *day == today { nth + 1 } else { 1 };
        today = *day;
        purchase.placed_at = Timestamp::from_ms(*day * DAY_MS + nth * 1000);
    }
    Ok(days.into_iter().map(|(_, purchase)| purchase).collect())
}

fn purchase(row: u64, line: &str) -> Option<(i64, Purchase)> {
    let mut cells = line.split_whitespace();
    let customer = cells.next()?.parse().ok().filter(|number| *number > 0)?;
    let date = cells.next().filter(|date| date.len() == 8 && date.is_ascii())?;
    let part = |from: usize, to: usize| date[from..to].parse::<i64>().ok();
    let day = days_from_civil(part(0, 4)?, part(4, 6)?, part(6, 8)?);
    let units = cells.next()?.parse().ok().filter(|units| *units > 0)?;
    let minor = Money::parse(cells.next()?, CURRENCY).ok()?.minor();
    let purchase = Purchase { row, customer, placed_at: Timestamp::default(), units, minor };
    (cells.next().is_none() && minor >= 0).then_some((day, purchase))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_is_split_over_units_to_the_cent() {
        for (units, minor) in [(1, 1177), (5, 7700), (5, 7701), (3, 2), (4, 0), (99, 100_000)] {
            let purchase = Purchase { row: 1, customer: 1, placed_at: Timestamp::default(), units, minor };
            let lines = purchase.lines();
            let sum: i64 = lines.iter().map(|(units, price)| i64::try_from(*units).unwrap() * price).sum();
            assert_eq!(sum, minor);
            assert_eq!(lines.iter().map(|(units, _)| units).sum::<u64>(), units);
            assert_eq!(lines.len(), if minor % i64::try_from(units).unwrap() == 0 { 1 } else { 2 });
        }
    }

    #[test]
    fn rows_are_read_or_refused() {
        let (day, read) = purchase(7, " 00042 19970112  5   77.00").unwrap();
        assert_eq!((day, read.customer, read.units, read.minor), (9873, 42, 5, 7700));
        for line in [
            "",
            "1 19970112 5",
            "1 1997011 5 1.00",
            "0 19970112 5 1.00",
            "1 19970112 0 1.00",
            "1 19970112 1 1.005",
        ] {
            assert!(purchase(1, line).is_none(), "{line}");
        }
    }

    #[test]
    fn the_shipped_file_is_what_its_page_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/data/cdnow.txt");
        let purchases = read(Path::new(path), true).unwrap();
        let zero = purchases.iter().filter(|purchase| purchase.minor == 0).count();
        let uneven = purchases.iter().filter(|purchase| purchase.lines().len() == 2).count();
        assert_eq!((zero, uneven), (80, 18_269));
        let mut seen = std::collections::BTreeSet::new();
        let repeats =
            purchases.iter().filter(|p| !seen.insert((p.customer, p.placed_at.ms() / DAY_MS))).count();
        assert_eq!(repeats, 2_068);
        let mut customers = std::collections::BTreeSet::new();
        let first: Vec<_> = purchases.iter().filter(|p| customers.insert(p.customer)).collect();
        let days = [first[0], first[first.len() - 1]].map(|p| p.placed_at.to_string()[..10].to_owned());
        assert_eq!((first.len(), days), (23_570, ["1997-01-01".into(), "1997-03-25".into()]));
        assert!(purchases.windows(2).all(|pair| pair[0].placed_at < pair[1].placed_at));
    }
}
