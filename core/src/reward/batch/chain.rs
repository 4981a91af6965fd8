//! The general way: each order becomes a sale with its own chain.

use super::names::accounts;
use super::orders::Orders;
use super::rows::{Origin, RowBlock, RowColumns};
use crate::error::{Code, Error, Result};
use crate::id::{LineId, OrderId};
use crate::reward::commission::{Allocation, Cell, Evaluator, Totals};
use crate::reward::plan::{Plan, REFERRAL, Trigger};
use crate::reward::referral::{Forest, MemberIx};
use crate::sale::{Around, Facts, Person, Purpose, Sale, SaleDraft, SaleLine};
use crate::time::Timestamp;
use std::collections::BTreeMap;
use std::ops::Range;

/// The sale of the order in a range of rows, with the upline the forest had when it was placed.
///
/// # Errors
/// As [`Sale::new`].
pub fn sale_of(plan: &Plan, forest: &Forest, orders: &Orders<'_>, rows: Range<usize>) -> Result<Sale> {
    let first = rows.start;
    let placed_at = orders.placed_at.map(|column| Timestamp::from_ms(column[first]));
    let buyer = orders.buyers[first];
    if let Some(row) = rows.clone().find(|row| orders.buyers[*row] != buyer) {
        let error = format!("order {} has two buyers", orders.order_id(first));
        return Err(Error::new(Code::InvalidSale, error).at(row));
    }
    let depth = plan.walks().get(REFERRAL).copied().unwrap_or(0);
    let upline = forest.upline(buyer, placed_at).take(depth);
    Sale::new(SaleDraft {
        tenant: String::new(),
        id: OrderId::from(orders.order_id(first)),
        version: 1,
        currency: plan.currency(),
        placed_at: placed_at.unwrap_or_default(),
        buyer: forest.person(buyer),
        upline: upline.map(|ix| forest.person(ix)).collect(),
        roles: BTreeMap::new(),
        around: Around::default(),
        used: None,
        facts: Facts::new(),
        lines: rows.map(|row| line(orders, first, row)).collect(),
    })
}

/// Line ids are those of the batch, or the place of the row within its order.
fn line(orders: &Orders<'_>, first: usize, row: usize) -> SaleLine {
    let number = u64::try_from(row - first + 1).unwrap_or(u64::MAX);
    let components = orders.components.iter().map(|(name, column)| ((*name).to_owned(), column[row]));
    let overrides = orders.overrides.and_then(|(column, table)| {
        let index = usize::try_from(column[row]).ok()?.checked_sub(1)?;
        table.get(index).cloned()
    });
    SaleLine {
        id: LineId::from(orders.lines.map_or(number, |lines| lines[row])),
        units: orders.units.map_or(1, |units| u64::from(units[row])),
        components: components.collect(),
        purpose: Purpose::Goods,
        facts: Facts::new(),
        overrides: overrides.unwrap_or_default(),
    }
}

pub(super) fn settle(
    plan: &Plan,
    forest: &Forest,
    orders: &Orders<'_>,
    sink: &mut dyn FnMut(RowBlock<'_>),
) -> Result<Totals> {
    let mut totals = Totals::default();
    let mut general = General::new(plan, forest);
    for pair in orders.starts().windows(2) {
        general.settle(orders, pair[0]..pair[1], &mut totals, sink)?;
    }
    Ok(totals)
}

/// The general way, order by order.
pub(super) struct General<'a> {
    plan: &'a Plan,
    evaluator: Evaluator<'a>,
    writer: Writer<'a>,
}

impl<'a> General<'a> {
    pub(super) fn new(plan: &'a Plan, forest: &'a Forest) -> Self {
        Self { plan, evaluator: Evaluator::new(plan), writer: Writer::new(plan, forest) }
    }

    /// Settles the order in a range of rows.
    pub(super) fn settle(
        &mut self,
        orders: &Orders<'_>,
        rows: Range<usize>,
        totals: &mut Totals,
        sink: &mut dyn FnMut(RowBlock<'_>),
    ) -> Result<()> {
        let Self { plan, evaluator, writer } = self;
        let sale =
            sale_of(plan, writer.forest, orders, rows.clone()).map_err(|error| error.at(rows.start))?;
        writer.start(orders, rows.clone());
        let of_order = evaluator.each_of_cells(&sale, |part, cells, source| {
            let origin = source.map_or(0, |at| writer.origin(cells, at));
            writer.write(&part, origin);
        });
        totals.add(&of_order.map_err(|error| error.at(rows.start))?)?;
        sink(writer.rows.as_block());
        Ok(())
    }
}

/// The rows of one order after the other.
struct Writer<'a> {
    forest: &'a Forest,
    accounts: Vec<String>,
    splits: bool,
    chained: bool,
    rows: RowColumns,
    /// The input row of each line of the sale.
    places: Vec<u32>,
    /// The places of origins in the table of the order, by those of the amounts.
    known: BTreeMap<usize, u32>,
}

impl<'a> Writer<'a> {
    fn new(plan: &Plan, forest: &'a Forest) -> Self {
        let rules = || plan.sequence(None).map(|at| &plan.rules()[at]);
        Self {
            forest,
            accounts: accounts(plan),
            splits: rules().any(|rule| rule.split.is_some()),
            chained: rules().any(|rule| matches!(rule.trigger, Trigger::After(_))),
            rows: RowColumns::default(),
            places: Vec::new(),
            known: BTreeMap::new(),
        }
    }

    /// Makes room for the rows of an order. The lines of a sale stand in the order of the numbers that are
    /// their ids.
    fn start(&mut self, orders: &Orders<'_>, range: Range<usize>) {
        self.rows.clear();
        self.known.clear();
        self.places.clear();
        self.places.extend(range.map(|row| u32::try_from(row).unwrap_or(u32::MAX)));
        if let Some(lines) = orders.lines {
            self.places.sort_by_key(|row| usize::try_from(*row).ok().and_then(|row| lines.get(row)));
        }
    }

    fn write(&mut self, part: &Allocation<'_>, origin: u32) {
        self.rows.sources.push(self.place(part.line));
        self.rows.payees.push(self.handle(part.payee));
        self.rows.slots.push(slot(part.rule, part.level));
        self.rows.amounts.push(part.amount);
        if self.splits {
            let place = self.accounts.iter().position(|account| account == part.account).unwrap_or(0);
            self.rows.accounts.push(u16::try_from(place).unwrap_or(u16::MAX));
        }
        if self.chained {
            self.rows.origins.push(origin);
        }
    }

    /// The place of an amount that rules run after in the table, from 1, behind that of the amount before it.
    fn origin(&mut self, cells: &[Cell<'_>], at: usize) -> u32 {
        let mut chain = vec![at];
        while let Some(before) = chain.last().and_then(|at| cells[*at].source) {
            chain.push(before);
        }
        let mut origin = 0;
        for at in chain.into_iter().rev() {
            origin = match self.known.get(&at) {
                Some(known) => *known,
                None => {
                    let Cell { rule, line, level, .. } = cells[at];
                    let payee = cells[at].stands_or_payee().map_or(0, |payee| self.handle(payee));
                    let (source, slot) = (self.place(line), slot(rule, level));
                    self.rows.table.push(Origin { source, slot, payee, origin });
                    let place = u32::try_from(self.rows.table.len()).unwrap_or(u32::MAX);
                    self.known.insert(at, place);
                    place
                }
            };
        }
        origin
    }

    /// The input row of a line; the first of the order for amounts of all lines.
    fn place(&self, line: Option<usize>) -> u32 {
        match line {
            Some(line) => self.places[line],
            None => self.places.iter().copied().min().unwrap_or(0),
        }
    }

    /// The account itself, which may have been merged into another one since the order.
    fn handle(&self, person: &Person) -> u32 {
        self.forest.account_named(person.id.as_str()).map_or(0, MemberIx::get)
    }
}

/// Rule in the upper half, level in the lower; a plan has at most 256 rules, a walk 4,096 stops.
pub(super) fn slot(rule: usize, level: usize) -> u32 {
    u32::try_from((rule << 16) | (level & 0xFFFF)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reward::batch;
    use crate::reward::commission::Frozen;

    /// Orders of before a merge pay who stood above then, as a sale alone does.
    #[test]
    fn an_account_that_was_merged_since_is_paid_under_its_own_name() {
        let plan = Plan::from_json(
            r#"{"schema":"fenrun.plan/1","name":"x","currency":"CNY",
                "rule":[{"id":"a","to":{"up":"referral"},"pay":{"levels":["10%","5%"]}}]}"#,
        )
        .unwrap();
        let numbers = Forest::from_edges(&[1, 2, 3], &[0, 1, 2]).unwrap();
        let mut texts = numbers.clone();
        texts.set_texts(["a", "b", "c"]).unwrap();
        for mut forest in [numbers, texts] {
            forest.merge(3, 1, Some(Timestamp::from_ms(5))).unwrap();
            let moments = [4, 4, 5];
            let buyers = forest.resolve_at(&[3, 2, 2], Some(&moments)).unwrap();
            let components: [(&str, &[i64]); 1] = [("paid", &[1000, 1000, 1000])];
            let orders = Orders { placed_at: Some(&moments), ..Orders::new(&buyers, &components) };
            let rows = batch::settle(&plan, &forest, &orders, None).unwrap();
            let paid: Vec<(u32, u64)> = rows
                .sources()
                .iter()
                .zip(rows.payees())
                .map(|(at, ix)| (*at, forest.id(MemberIx::new(*ix))))
                .collect();
            assert_eq!(paid, [(0, 2), (0, 1), (1, 1), (2, 3)]);
            let alone = (0..3).flat_map(|at| {
                let sale = sale_of(&plan, &forest, &orders, at..at + 1).unwrap();
                let (outcome, _) = Frozen::settle(&plan, &sale).unwrap();
                outcome.rows().iter().map(|row| row.payee.to_string()).collect::<Vec<_>>()
            });
            let names = rows.payees().iter().map(|ix| forest.name(MemberIx::new(*ix)));
            assert!(alone.eq(names));
        }
    }
}
