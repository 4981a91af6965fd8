//! What was played: how many purchases of the data, and of which days.

use super::words::{both, count};
use crate::demo::Run;
use fenrun::counted;
use fenrun::time::{DAY_MS, civil_from_days};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The first sentence of the page.
pub(super) fn lead(run: &Run<'_>) -> String {
    let wide = |len: usize| u64::try_from(len).unwrap_or(u64::MAX);
    let (english, chinese) = played(wide(run.purchases.len()), wide(run.of));
    let day =
        |at: usize| run.purchases.get(at).map_or(0, |purchase| purchase.placed_at.ms().div_euclid(DAY_MS));
    let (made, days) = days(day(0), day(run.purchases.len().saturating_sub(1)));
    both(
        &format!(
            "{english} in the data of the CD shop CDNOW, made {made}, played through cart, order, payment, delivery, \
             commission and ledger. Every amount on this page was read back from the SQLite file the run wrote."
        ),
        &format!(
            "CD 商城 CDNOW 数据中的{chinese}（{days}），逐笔走过购物车、订单、支付、发货、分佣与记账。本页的每笔金额都从运行写出的 \
             SQLite 文件中读回。"
        ),
    )
}

/// So many of all purchases.
fn played(some: u64, all: u64) -> (String, String) {
    let (first, whole) = (count(some), counted(count(all), "purchase"));
    let many = count(all);
    match some {
        _ if some == all => (format!("The {whole}"), format!("全部 {many} 笔购买")),
        1 => (format!("The first of {whole}"), format!(" {many} 笔购买里的第一笔")),
        _ => (format!("The first {first} of {whole}"), format!(" {many} 笔购买里的前 {first} 笔")),
    }
}

/// A day, or from a day to another one.
fn days(first: i64, last: i64) -> (String, String) {
    let (one, other) = (day(first), day(last));
    match first == last {
        true => (format!("on {}", one.0), one.1),
        false => (format!("from {} to {}", one.0, other.0), format!("{}至 {}", one.1, other.1)),
    }
}

fn day(day: i64) -> (String, String) {
    let (year, month, day) = civil_from_days(day);
    let name = usize::try_from(month - 1).ok().and_then(|at| MONTHS.get(at)).unwrap_or(&"");
    (format!("{day} {name} {year}"), format!("{year} 年 {month} 月 {day} 日"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fenrun::time::days_from_civil;

    #[test]
    fn what_was_played_is_said() {
        assert_eq!(played(69_659, 69_659).0, "The 69,659 purchases");
        assert_eq!(played(1, 1).0, "The 1 purchase");
        assert_eq!(played(1, 69_659).0, "The first of 69,659 purchases");
        assert_eq!(played(3000, 69_659).0, "The first 3,000 of 69,659 purchases");
        assert_eq!(played(3000, 69_659).1, " 69,659 笔购买里的前 3,000 笔");
        let (first, last) = (days_from_civil(1997, 1, 1), days_from_civil(1998, 6, 30));
        assert_eq!(days(first, last).0, "from 1 January 1997 to 30 June 1998");
        assert_eq!(days(first, last).1, "1997 年 1 月 1 日至 1998 年 6 月 30 日");
        assert_eq!(days(first, first).0, "on 1 January 1997");
    }
}
