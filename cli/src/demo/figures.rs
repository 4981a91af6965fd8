//! What the store holds after the run: every number of the summary and of the report is read back from it.

use super::purchases::{CURRENCY, Purchase};
use super::shop::Shop;
use fenrun::ledger::MallAccount;
use fenrun::reward::commission::{Reason, offer};
use fenrun::sale::Sale;
use fenrun::time::DAY_MS;
use fenrun::{Code, Error, Result};
use fenrun_store::{SaleKey, Store, StoredRow};
use std::collections::{BTreeMap, HashMap};

/// One week of placed orders, Monday to Sunday.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Week {
    /// Days since 1970-01-01 of its Monday.
    pub(crate) monday: i64,
    /// What buyers paid.
    pub(crate) turnover: i64,
    /// What members were allocated for it, before refunds.
    pub(crate) commission: i64,
}

/// What one level was paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Level {
    /// Rows.
    pub(crate) rows: u64,
    /// Minor units, before refunds.
    pub(crate) minor: i64,
}

/// Somebody who was paid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Earner {
    /// The customer's number.
    pub(crate) customer: u64,
    /// What stands after refunds.
    pub(crate) minor: i64,
    /// Rows, without reversals.
    pub(crate) rows: u64,
}

/// The whole of it, in minor units.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    pub(crate) orders: u64,
    /// Orders by the word of their life cycle.
    pub(crate) lives: BTreeMap<String, u64>,
    /// Events by type.
    pub(crate) events: BTreeMap<String, u64>,
    pub(crate) turnover: i64,
    pub(crate) captured: i64,
    pub(crate) refunded: i64,
    pub(crate) refunded_orders: u64,
    pub(crate) outcomes: u64,
    pub(crate) confirmed: u64,
    pub(crate) pool: i64,
    /// What the plan offers for what refunds left.
    pub(crate) pool_left: i64,
    pub(crate) allocated: i64,
    pub(crate) reversal_rows: u64,
    /// Zero or below.
    pub(crate) reversed: i64,
    pub(crate) retained: BTreeMap<String, i64>,
    /// What refunds changed of it, as the engine said when they were settled; zero or below.
    pub(crate) retained_change: i64,
    pub(crate) weeks: Vec<Week>,
    pub(crate) levels: BTreeMap<u32, Level>,
    /// Most first.
    pub(crate) earners: Vec<Earner>,
    /// What the purchases of each customer stand for with the first of the earners.
    pub(crate) from: BTreeMap<u64, i64>,
    /// Σ of all stored balances of members.
    pub(crate) balances: i64,
    /// The balance of the mall's expense, below zero.
    pub(crate) expense: i64,
    /// The balance of what the mall retains, after refunds.
    pub(crate) kept: i64,
}

/// An equation that must hold to the cent.
pub(crate) struct Equation {
    pub(crate) text: &'static str,
    pub(crate) chinese: &'static str,
    pub(crate) left: i64,
    pub(crate) right: i64,
}

impl Figures {
    /// Reads the store.
    ///
    /// # Errors
    /// Those of the store; [`Code::Inconsistent`] for ids the demo did not make.
    pub(crate) fn read(store: &Store, shop: &Shop<'_>, purchases: &[Purchase]) -> Result<Self> {
        let tenant = &shop.tenant;
        let by_row: HashMap<u64, &Purchase> =
            purchases.iter().map(|purchase| (purchase.row, purchase)).collect();
        let mut figures = Self {
            events: store.event_counts(tenant)?,
            retained_change: shop.retained_change(),
            ..Self::default()
        };
        let mut weeks: BTreeMap<i64, Week> = BTreeMap::new();
        let mut refunded = Vec::new();
        store.for_each_order(tenant, |order| {
            figures.orders += 1;
            *figures.lives.entry(order.life).or_default() += 1;
            figures.turnover += order.total;
            figures.captured += order.captured;
            figures.refunded += order.refunded;
            refunded.extend((order.refunded > 0).then_some(order.order_id));
            let placed_at = order.placed_at.map_or(0, |at| at.ms());
            weeks.entry(monday(placed_at)).or_default().turnover += order.total;
        })?;
        store.for_each_outcome(tenant, |outcome| {
            figures.outcomes += 1;
            figures.confirmed += u64::from(outcome.confirmed_at.is_some());
            figures.pool += outcome.pool;
        })?;
        figures.refunded_orders = u64::try_from(refunded.len()).unwrap_or(u64::MAX);
        figures.pool_left = figures.pool;
        for sale in refunded {
            figures.pool_left -= offer_lost(store, &SaleKey { tenant: tenant.clone(), sale, version: 1 })?;
        }
        store.for_each_retained(tenant, |entry| {
            *figures.retained.entry(entry.reason).or_default() += entry.amount;
        })?;
        let mut rows = Vec::new();
        store.for_each_row(tenant, |row| rows.push(row))?;
        for row in &rows {
            let purchase = number(row.sale.as_str()).and_then(|row| by_row.get(&row).copied());
            let purchase = purchase.ok_or_else(|| strange(row.sale.as_str()))?;
            figures.add(row, weeks.entry(monday(purchase.placed_at.ms())).or_default());
        }
        figures.rank(&rows, &by_row)?;
        for (monday, week) in weeks {
            figures.weeks.push(Week { monday, ..week });
        }
        store.for_each_balance(tenant, |_, money| figures.balances += money.minor())?;
        figures.expense = store.mall_balance(tenant, MallAccount::CommissionExpense, CURRENCY)?.minor();
        figures.kept = store.mall_balance(tenant, MallAccount::Retained, CURRENCY)?.minor();
        Ok(figures)
    }

    fn add(&mut self, row: &StoredRow, week: &mut Week) {
        if row.refund.is_some() {
            self.reversal_rows += 1;
            self.reversed += row.amount;
            return;
        }
        self.allocated += row.amount;
        week.commission += row.amount;
        let level = self.levels.entry(row.level.unwrap_or(0)).or_default();
        level.rows += 1;
        level.minor += row.amount;
    }

    /// Orders the payees, and sees whom the first of them owes it to.
    fn rank(&mut self, rows: &[StoredRow], by_row: &HashMap<u64, &Purchase>) -> Result<()> {
        let mut earners: BTreeMap<u64, Earner> = BTreeMap::new();
        for row in rows {
            let customer = number(row.payee.as_str()).ok_or_else(|| strange(row.payee.as_str()))?;
            let earner = earners.entry(customer).or_default();
            earner.customer = customer;
            earner.minor += row.amount;
            earner.rows += u64::from(row.refund.is_none());
        }
        self.earners = earners.into_values().collect();
        self.earners.sort_by_key(|earner| (std::cmp::Reverse(earner.minor), earner.customer));
        let Some(first) = self.earners.first().map(|earner| earner.customer) else { return Ok(()) };
        for row in rows.iter().filter(|row| number(row.payee.as_str()) == Some(first)) {
            let buyer = number(row.sale.as_str()).and_then(|row| by_row.get(&row)).map(|p| p.customer);
            *self.from.entry(buyer.unwrap_or(0)).or_default() += row.amount;
        }
        Ok(())
    }

    /// What nobody got, before refunds.
    pub(crate) fn retained_sum(&self) -> i64 {
        self.retained.values().sum()
    }

    /// What stands for members after refunds.
    pub(crate) fn standing(&self) -> i64 {
        self.allocated + self.reversed
    }

    /// The reasons with their amounts, in the order reports list them.
    pub(crate) fn reasons(&self) -> impl Iterator<Item = (Reason, i64)> {
        Reason::ALL.iter().filter_map(|reason| Some((*reason, *self.retained.get(reason.name())?)))
    }

    /// What must hold to the cent.
    pub(crate) fn equations(&self, purchases: &[Purchase]) -> Vec<Equation> {
        let paid: i64 = purchases.iter().map(|purchase| purchase.minor).sum();
        let equation = |text, chinese, left, right| Equation { text, chinese, left, right };
        vec![
            equation("turnover = sum of the data file", "成交额 = 数据文件合计", self.turnover, paid),
            equation("captured = turnover", "实收 = 成交额", self.captured, self.turnover),
            equation(
                "pool = paid to members + retained",
                "分润池 = 发放 + 留存",
                self.pool,
                self.allocated + self.retained_sum(),
            ),
            equation(
                "balances of members = paid less taken back",
                "会员余额 = 发放 − 冲回",
                self.balances,
                self.standing(),
            ),
            equation(
                "ledger: retained = by reason, less its share of refunds",
                "账本留存 = 各原因留存 − 随退款冲回的留存",
                self.kept,
                self.retained_sum() + self.retained_change,
            ),
            equation(
                "ledger: expense = balances + retained",
                "账本支出 = 会员余额 + 留存",
                -self.expense,
                self.balances + self.kept,
            ),
            equation(
                "pool of what refunds left = balances + retained",
                "退款后应有的分润池 = 会员余额 + 留存",
                self.pool_left,
                self.balances + self.kept,
            ),
        ]
    }
}

/// By how much the offer for an order fell: the plan is asked anew about a sale of what is left. The
/// demo's plan reads `paid` alone, so lines with less of it are that sale.
fn offer_lost(store: &Store, key: &SaleKey) -> Result<i64> {
    let missing = || strange(key.sale.as_str());
    let frozen = store.frozen(key)?.ok_or_else(missing)?;
    let order = store.order(&key.tenant, &key.sale)?.ok_or_else(missing)?;
    let mut draft = frozen.sale().clone().into_draft();
    for (line, left) in draft.lines.iter_mut().zip(order.left()) {
        line.units = left.units_left;
        line.components.insert("paid".to_owned(), left.net_left);
    }
    draft.lines.retain(|line| line.units > 0);
    Ok(offer(frozen.plan(), frozen.sale())? - offer(frozen.plan(), &Sale::new(draft)?)?)
}

/// Days since 1970-01-01 of the Monday of a moment's week; 1970-01-01 was a Thursday.
fn monday(ms: i64) -> i64 {
    let day = ms.div_euclid(DAY_MS);
    day - (day + 3).rem_euclid(7)
}

fn number(id: &str) -> Option<u64> {
    id.parse().ok()
}

fn strange(id: &str) -> Error {
    Error::new(Code::Inconsistent, format!("the store holds the id {id}, which the demo did not make"))
}

#[cfg(test)]
mod tests {
    use super::monday;
    use fenrun::time::{DAY_MS, days_from_civil};

    #[test]
    fn weeks_begin_on_monday() {
        let day = |day| days_from_civil(1997, 1, day);
        assert_eq!(monday(day(1) * DAY_MS), days_from_civil(1996, 12, 30));
        assert_eq!(monday(day(6) * DAY_MS), day(6));
        assert_eq!(monday(day(13) * DAY_MS - 1), day(6));
    }
}
