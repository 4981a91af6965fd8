//! Distribution orders against the ledger and against recomputation, over random histories.

use crate::Dice;
use crate::laws::{Bearing, Law, Verdict, need};
use fenrun::doc::read_json;
use fenrun::id::{JournalId, LineId, MemberId, OrderId, RefundId};
use fenrun::ledger::{
    self, Account, Advance, Journal, Ledger, MallAccount, MemberAccount, Posting, Share, Step, TakeBack,
};
use fenrun::money::Currency;
use fenrun::report::distribution::{
    Cursor, DistributionOrders, Earned, Fact, Filter, Page, SaleVersion, TakenRow,
};
use fenrun::reward::commission::{Frozen, Refund, Taken, reverse};
use fenrun::reward::plan::Plan;
use fenrun::time::Timestamp;
use fenrun::trade::order::{Command, OrderStream};
use std::collections::BTreeMap;

const CNY: Currency = Currency::CNY;
const PEOPLE: [&str; 3] = ["A", "B", "C"];

fn plan() -> Plan {
    let text = r#"{"schema":"fenrun.plan/1","name":"two","currency":"CNY","rule":[{"id":"r","on":"order",
        "of":"paid","to":{"up":"referral"},"pay":{"levels":["10%","5%"]}}]}"#;
    Plan::from_json(text).unwrap()
}

/// What happened to one order.
struct Placed {
    stream: OrderStream,
    frozen: Frozen,
    refunds: Vec<Refund>,
    stage: MemberAccount,
    standing: BTreeMap<MemberId, i64>,
}

/// A shop with its ledger, and the facts in the order they happened.
struct History {
    ledger: Ledger,
    orders: Vec<Placed>,
    facts: Vec<Fact>,
    journals: u32,
}

impl History {
    fn new(seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let mut history = Self { ledger: Ledger::new(), orders: Vec::new(), facts: Vec::new(), journals: 0 };
        for _ in 0..24 {
            match dice.below(10) {
                0..3 if history.orders.len() < 5 => history.place(&mut dice),
                3..6 => history.refund(&mut dice),
                6 => history.advance(&mut dice, MemberAccount::Pending),
                7 => history.advance(&mut dice, MemberAccount::Confirmed),
                _ => history.pay_out(&mut dice),
            }
        }
        history
    }

    fn journal(&mut self) -> JournalId {
        self.journals += 1;
        JournalId::new(&format!("j{}", self.journals)).unwrap()
    }

    fn place(&mut self, dice: &mut Dice) {
        let id = format!("o{}", self.orders.len());
        let (paid, now) = (1 + dice.below(30_000), dice.below(4));
        let text = format!(
            r#"{{"order_id":"{id}","command_id":"p","actor":"x","now":{now},"command":{{"place":{{"currency":"CNY",
            "lines":[{{"id":"a","units":4,"paid":{paid}}}],"sale":{{"buyer":"x{id}","upline":["{}","{}"]}}}}}}}}"#,
            PEOPLE[usize::try_from(dice.below(2)).unwrap()],
            PEOPLE[2],
        );
        let mut stream = OrderStream::new("", &id).unwrap();
        let command = Command::from_node(&read_json(&text, 10_000).unwrap()).unwrap();
        let events = stream.handle(&command).unwrap().events.to_vec();
        self.facts.extend(events.into_iter().map(Fact::Order));
        let (outcome, frozen) = Frozen::settle(&plan(), &stream.order().to_sale().unwrap()).unwrap();
        let shares: Vec<Share> =
            outcome.rows().iter().map(|row| Share::new(row.payee.clone(), row.amount)).collect();
        let (key, at) = (self.journal(), Timestamp::from_ms(0));
        if let Some(journal) = ledger::earned(key, at, CNY, &shares, 0).unwrap() {
            self.ledger.post(&journal).unwrap();
        }
        self.facts.push(Fact::Earned(Earned::from(&outcome)));
        let standing = shares.into_iter().map(|share| (share.member, share.minor)).collect();
        self.orders.push(Placed {
            stream,
            frozen,
            refunds: Vec::new(),
            stage: MemberAccount::Pending,
            standing,
        });
    }

    fn pick(&self, dice: &mut Dice) -> Option<usize> {
        (!self.orders.is_empty())
            .then(|| usize::try_from(dice.below(u64::try_from(self.orders.len()).unwrap())).unwrap())
    }

    /// A part of an order comes back, or all that is left of it.
    fn refund(&mut self, dice: &mut Dice) {
        let Some(at) = self.pick(dice) else { return };
        let journal = self.journal();
        let placed = &mut self.orders[at];
        let paid = placed.frozen.sale().lines[0].paid();
        let taken = || placed.refunds.iter().flat_map(|refund| &refund.lines);
        let gone: i64 = taken().map(|taken| taken.amount).sum();
        let units: u64 = taken().map(|taken| taken.units).sum();
        let all = dice.one_in(4);
        let amount = if all {
            paid - gone
        } else {
            i64::try_from(dice.below(u64::try_from(paid - gone + 1).unwrap())).unwrap()
        };
        let line = LineId::new("a").unwrap();
        let taken = Taken { line, units: if all { 4 - units } else { 0 }, amount };
        let refund = Refund { id: RefundId::new(journal.as_str()).unwrap(), lines: vec![taken] };
        let reversal = reverse(&placed.frozen, &placed.refunds, &refund, None).unwrap();
        placed.refunds.push(refund.clone());
        let takes = reversal.rows.iter().map(|row| {
            *placed.standing.entry(row.payee.clone()).or_default() += row.amount;
            TakeBack { member: row.payee.clone(), from: placed.stage, minor: -row.amount }
        });
        let takes = takes.collect();
        let at = Timestamp::from_ms(0);
        self.ledger
            .reverse(&ledger::Reversal { id: journal, at, currency: CNY, takes, retained: 0 })
            .unwrap();
        let sale = SaleVersion { order: placed.stream.order().id().clone(), version: 1 };
        self.facts.push(Fact::taken_back(sale, refund.id, &reversal));
    }

    fn advance(&mut self, dice: &mut Dice, from: MemberAccount) {
        let Some(at) = self.pick(dice).filter(|at| self.orders[*at].stage == from) else { return };
        let journal = self.journal();
        let placed = &mut self.orders[at];
        let shares: Vec<Share> =
            placed.standing.iter().map(|(member, minor)| Share::new(member.clone(), *minor)).collect();
        let sale = SaleVersion { order: placed.stream.order().id().clone(), version: 1 };
        let now = Timestamp::from_ms(0);
        let (to, fact, step) = if from == MemberAccount::Pending {
            (MemberAccount::Confirmed, Fact::Confirmed { sale }, Step::Confirm)
        } else {
            (MemberAccount::Available, Fact::Released { sale, rule: None }, Step::Release)
        };
        placed.stage = to;
        self.ledger.advance(&Advance { id: journal, at: now, currency: CNY, step, shares }).unwrap();
        self.facts.push(fact);
    }

    fn pay_out(&mut self, dice: &mut Dice) {
        let member = MemberId::new(PEOPLE[usize::try_from(dice.below(3)).unwrap()]).unwrap();
        let free = self.balance(&member, MemberAccount::Available);
        if free <= 0 {
            return;
        }
        let amount = 1 + i64::try_from(dice.below(u64::try_from(free).unwrap())).unwrap();
        let (id, at) = (self.journal(), Timestamp::from_ms(0));
        let from = Posting::new(Account::member(&member, MemberAccount::Available), -amount, CNY);
        let to = Posting::new(Account::Mall(MallAccount::PaidOut), amount, CNY);
        self.ledger.post(&Journal::new(id, at, "payout", [from, to]).unwrap()).unwrap();
        self.facts.push(Fact::PaidOut { member, currency: CNY, amount, at });
    }

    fn balance(&self, member: &MemberId, account: MemberAccount) -> i64 {
        self.ledger.balance(&Account::member(member, account), CNY).minor()
    }
}

trait Reports {
    /// Folds a history.
    fn fold(&self, facts: &[Fact]) -> DistributionOrders;
    /// Lists a page.
    fn list(&self, model: &DistributionOrders, filter: &Filter) -> Page {
        model.list(filter).unwrap()
    }
}

struct Engine;

impl Reports for Engine {
    fn fold(&self, facts: &[Fact]) -> DistributionOrders {
        let mut model = DistributionOrders::default();
        facts.iter().for_each(|fact| model.fold(fact).unwrap());
        model
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    RefundsAreForgotten,
    RefundsLoseTheirLastRow,
    PayoutsAreForgotten,
    PayoutsCountTwice,
    ReleaseComesWithConfirmation,
    RefundsGive,
    PagesOverlap,
    TotalsAreOfThePage,
    FirstStateForAll,
}

struct Mutant(Fault);

impl Reports for Mutant {
    fn fold(&self, facts: &[Fact]) -> DistributionOrders {
        let mut model = DistributionOrders::default();
        for fact in facts {
            let mut folded = vec![fact.clone()];
            match (self.0, &mut folded[0]) {
                (Fault::RefundsAreForgotten, Fact::TakenBack { .. })
                | (Fault::PayoutsAreForgotten, Fact::PaidOut { .. }) => folded.clear(),
                (Fault::RefundsLoseTheirLastRow, Fact::TakenBack { rows, .. }) => {
                    rows.pop();
                }
                (Fault::RefundsGive, Fact::TakenBack { rows, .. }) => {
                    rows.iter_mut().for_each(|row: &mut TakenRow| row.amount = -row.amount);
                }
                (Fault::PayoutsCountTwice, Fact::PaidOut { .. }) => folded.push(fact.clone()),
                (Fault::ReleaseComesWithConfirmation, Fact::Confirmed { sale }) => {
                    let sale = sale.clone();
                    folded.push(Fact::Released { sale, rule: None });
                }
                _ => {}
            }
            folded.iter().for_each(|fact| model.fold(fact).unwrap());
        }
        model
    }

    fn list(&self, model: &DistributionOrders, filter: &Filter) -> Page {
        let mut page = model.list(filter).unwrap();
        match self.0 {
            Fault::PagesOverlap => {
                let ahead = page.next.clone().and(page.orders.len().checked_sub(2));
                if let Some(order) = ahead.map(|at| &page.orders[at]) {
                    page.next =
                        Some(Cursor::parse(&format!("{}.{}", order.placed_at.ms(), order.order)).unwrap());
                }
            }
            Fault::TotalsAreOfThePage if page.next.is_some() => page.totals.clear(),
            Fault::FirstStateForAll if filter.state.is_some() => {
                page = model.list(&Filter { state: None, ..filter.clone() }).unwrap();
            }
            _ => {}
        }
        page
    }
}

/// Unpaid and clawed back is what the ledger holds, for everybody and after every fact.
fn ledger_law(reports: &dyn Reports, seed: u64) -> Verdict {
    let history = History::new(seed);
    let model = reports.fold(&history.facts);
    let mut moved = false;
    for name in PEOPLE {
        let member = MemberId::new(name).unwrap();
        let page = reports.list(&model, &Filter::of(member.clone()));
        let sums = page.totals.get(&CNY).copied().unwrap_or_default();
        let balance = |account| history.balance(&member, account);
        let free = [MemberAccount::Available, MemberAccount::Reserved, MemberAccount::Debt].map(balance);
        let got = (sums.pending, sums.confirmed, sums.payable - sums.clawback);
        let wanted = (balance(MemberAccount::Pending), balance(MemberAccount::Confirmed), free.iter().sum());
        need(got == wanted, || format!("{name}: {got:?}, the ledger holds {wanted:?}"))?;
        let paid: i64 = history
            .facts
            .iter()
            .map(|fact| match fact {
                Fact::PaidOut { member: paid, amount, .. } if *paid == member => *amount,
                _ => 0,
            })
            .sum();
        let shown = sums.paid + model.other_paid(&member, CNY);
        need(shown == paid && model.other_paid(&member, CNY) == 0, || {
            format!("{name}: paid {shown}, not {paid}")
        })?;
        moved |= paid > 0;
        for order in &page.orders {
            let placed =
                history.orders.iter().find(|placed| *placed.stream.order().id() == order.order).unwrap();
            let stands: i64 = order.entries.iter().map(|entry| entry.stands()).sum();
            let due = placed.standing.get(&member).copied().unwrap_or(0);
            need(stands == due, || format!("{name}, order {}: {stands} stands, not {due}", order.order))?;
            need(
                order.entries.iter().all(|entry| entry.unpaid >= 0 && entry.clawback <= entry.paid),
                || format!("{name}: {:?}", order.entries),
            )?;
        }
    }
    Ok(if moved { Bearing::Tested } else { Bearing::Beside })
}

/// Pages are the whole list, in steps of any length and with every filter; totals do not depend on them.
fn pages_law(reports: &dyn Reports, seed: u64) -> Verdict {
    let history = History::new(seed);
    let model = reports.fold(&history.facts);
    let honest = Engine.fold(&history.facts);
    let mut dice = Dice::new(seed ^ 77);
    let filter = Filter::of(MemberId::new(PEOPLE[2]).unwrap());
    let whole = honest.list(&filter).unwrap();
    let limit = 1 + usize::try_from(dice.below(3)).unwrap();
    let (mut seen, mut after) = (Vec::<OrderId>::new(), None);
    for _ in 0..20 {
        let page = reports.list(&model, &Filter { after: after.clone(), limit, ..filter.clone() });
        need(page.totals == whole.totals && page.count == whole.count, || format!("{:?}", page.totals))?;
        seen.extend(page.orders.iter().map(|order| order.order.clone()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let wanted: Vec<OrderId> = whole.orders.iter().map(|order| order.order.clone()).collect();
    need(seen == wanted, || format!("{seen:?}, not {wanted:?}"))?;
    for state in fenrun::reward::commission::EntryState::ALL {
        let page = reports.list(&model, &Filter { state: Some(*state), ..filter.clone() });
        let entries = page.orders.iter().flat_map(|order| &order.entries);
        need(entries.clone().all(|entry| entry.state == *state), || state.name().to_owned())?;
        let all = whole.orders.iter().flat_map(|order| &order.entries);
        let wanted: Vec<_> = all.filter(|entry| entry.state == *state).collect();
        need(entries.collect::<Vec<_>>() == wanted, || format!("{}: {wanted:?}", state.name()))?;
    }
    Ok(if wanted.len() > 2 { Bearing::Tested } else { Bearing::Beside })
}

#[test]
fn what_stands_is_what_the_ledger_holds() {
    use Fault::{
        PayoutsAreForgotten, PayoutsCountTwice, RefundsAreForgotten, RefundsGive, RefundsLoseTheirLastRow,
        ReleaseComesWithConfirmation,
    };
    let law = Law::<dyn Reports, Fault> {
        name: "distribution orders and ledger",
        holds: ledger_law,
        suspects: &[
            RefundsAreForgotten,
            RefundsLoseTheirLastRow,
            PayoutsAreForgotten,
            PayoutsCountTwice,
            ReleaseComesWithConfirmation,
            RefundsGive,
        ],
    };
    law.prove(&[("the engine", &Engine)], |fault| Box::new(Mutant(fault)));
}

#[test]
fn pages_are_the_whole_list() {
    use Fault::{
        FirstStateForAll, PagesOverlap, PayoutsAreForgotten, RefundsAreForgotten, TotalsAreOfThePage,
    };
    let law = Law::<dyn Reports, Fault> {
        name: "pages",
        holds: pages_law,
        suspects: &[
            PagesOverlap,
            TotalsAreOfThePage,
            FirstStateForAll,
            PayoutsAreForgotten,
            RefundsAreForgotten,
        ],
    };
    law.prove(&[("the engine", &Engine)], |fault| Box::new(Mutant(fault)));
}
