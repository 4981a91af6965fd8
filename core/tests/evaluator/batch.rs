//! The engine's batch, from documents to columns and back.

use crate::naive::batch::{Settled, SettledRow};
use crate::naive::big;
use crate::naive::generate::forests::Grove;
use fenrun::doc::Node;
use fenrun::reward::batch::{self, Job, Names, Orders, Rows};
use fenrun::reward::commission::Reason;
use fenrun::reward::plan::Plan;
use fenrun::reward::referral::{Column, Forest};
use fenrun::sale::Sale;
use fenrun::time::Timestamp;
use std::cell::Cell;
use std::collections::BTreeMap;

/// The components of the generated lines.
const COMPONENTS: [&str; 6] = ["paid", "list", "member", "cost", "shipping", "pv"];

/// Settles the orders in one call, then in three parts on a copy of the parents; both must agree.
pub(super) fn settle(grove: &Grove) -> fenrun::Result<Settled> {
    let plan = Plan::from_node(&grove.plan)?;
    let forest = forest_of(grove)?;
    let columns = Columns::of(grove, &plan)?;
    let buyers = forest.resolve(&columns.buyers)?;
    let components: Vec<(&str, &[i64])> =
        COMPONENTS.iter().zip(&columns.components).map(|(name, column)| (*name, column.as_slice())).collect();
    let orders = Orders {
        ids: Some(&columns.ids),
        lines: Some(&columns.lines),
        units: Some(&columns.units),
        placed_at: forest.is_dated().then_some(&columns.placed_at),
        overrides: Some((&columns.overrides, &columns.tables)),
        ..Orders::new(&buyers, &components)
    };
    let rows = batch::settle(&plan, &forest, &orders, None)?;
    check_kernel(&plan, &forest, &orders, &rows);
    let mut parts = Rows::default();
    let parents = forest.parents().to_vec();
    for range in orders.split(3) {
        let mut components = Vec::new();
        let part = orders.slice(range.clone(), &mut components);
        let offset = u32::try_from(range.start).expect("few rows");
        parts.append(&batch::settle(&plan, &forest, &part, Some(&parents))?, offset)?;
    }
    let (whole, parts) = (read(&plan, &forest, &orders, &rows), read(&plan, &forest, &orders, &parts));
    assert_eq!(whole, parts, "a batch cut into parts");
    Ok(whole)
}

/// Kernels take lines as orders of their own, which is the same where they take them at all: the rows of
/// every kernel must be those of the general way.
fn check_kernel(plan: &Plan, forest: &Forest, orders: &Orders<'_>, expected: &Rows) {
    if orders.overrides.is_some_and(|(column, _)| column.iter().any(|index| *index > 0)) {
        return;
    }
    let alone = Orders { ids: None, lines: None, overrides: None, placed_at: None, ..*orders };
    let job = Job::new(plan, forest, &alone, None).expect("what was settled with lines");
    if job.rows_at_most().is_some() {
        KERNEL_RUNS.set(KERNEL_RUNS.get() + 1);
        let rows = batch::settle(plan, forest, &alone, None).expect("what was settled with lines");
        // Other orders, so other keys: they are read as those of the lines.
        assert_eq!(read(plan, forest, orders, &rows), read(plan, forest, orders, expected), "a kernel");
    }
}

thread_local! {
    /// How many batches of this thread a kernel has settled: checks that never reach it prove nothing.
    pub(crate) static KERNEL_RUNS: Cell<u64> = const { Cell::new(0) };
}

/// Orders as columns, one row a line.
#[derive(Default)]
struct Columns {
    buyers: Vec<u64>,
    ids: Vec<u64>,
    lines: Vec<u64>,
    units: Vec<u32>,
    placed_at: Vec<i64>,
    components: [Vec<i64>; COMPONENTS.len()],
    overrides: Vec<u32>,
    tables: Vec<batch::Overrides>,
}

impl Columns {
    fn of(grove: &Grove, plan: &Plan) -> fenrun::Result<Self> {
        let mut columns = Self::default();
        for order in &grove.orders {
            let buyer = id_of(&grove.forest.members[order.buyer]);
            let mut with_buyer = order.sale.clone();
            if let Node::Map(map) = &mut with_buyer {
                map.insert("buyer".into(), Node::Text(buyer.to_string()));
            }
            let sale = Sale::from_node(&with_buyer, plan.currency())?;
            for line in &sale.lines {
                columns.buyers.push(buyer);
                columns.ids.push(sale.id.as_str().parse().expect("a number"));
                columns.lines.push(line.id.as_str().parse().expect("a number"));
                columns.units.push(u32::try_from(line.units).expect("few units"));
                columns.placed_at.push(sale.placed_at.ms());
                for (name, column) in COMPONENTS.iter().zip(&mut columns.components) {
                    column.push(line.components[*name]);
                }
                let table = (!line.overrides.is_empty()).then(|| line.overrides.clone());
                columns.tables.extend(table.clone());
                let place = table.map_or(0, |_| columns.tables.len());
                columns.overrides.push(u32::try_from(place).expect("few tables"));
            }
        }
        Ok(columns)
    }
}

fn forest_of(grove: &Grove) -> fenrun::Result<Forest> {
    let members = &grove.forest.members;
    let mut forest = Forest::new();
    let date = |from: Option<i64>| from.map(Timestamp::from_ms);
    let mut edges = grove.forest.edges.iter().peekable();
    for (at, member) in members.iter().enumerate() {
        match edges.next_if(|edge| edge.member == at) {
            Some(edge) => {
                forest.join(id_of(member), Some(id_of(&members[edge.inviter])), date(edge.from))?;
            }
            None => drop(forest.join(id_of(member), None, None)?),
        }
    }
    for edge in edges {
        forest.rebind(id_of(&members[edge.member]), id_of(&members[edge.inviter]), date(edge.from))?;
    }
    let rank = |member: &Node| member.get("rank").and_then(Node::as_text).map(str::to_owned);
    let mut names: Vec<String> = members.iter().filter_map(rank).collect();
    names.sort();
    names.dedup();
    let code = |rank: String| names.iter().position(|name| *name == rank).expect("a name") + 1;
    let codes = members.iter().map(|member| rank(member).map_or(0, code));
    forest.set_ranks(&names, codes.map(|code| u8::try_from(code).expect("few ranks")).collect())?;
    for fact in ["distributor", "frozen", "score", "city", "percent"] {
        forest.set_fact(fact, column(members, fact))?;
    }
    Ok(forest)
}

fn column(members: &[Node], fact: &str) -> Column {
    let values: Vec<&Node> = members.iter().map(|member| member.get(fact).expect(fact)).collect();
    let flags =
        values.iter().filter_map(|value| if let Node::Bool(flag) = value { Some(*flag) } else { None });
    let flags: Vec<bool> = flags.collect();
    let numbers =
        values.iter().filter_map(|value| if let Node::Int(number) = value { Some(*number) } else { None });
    let numbers: Vec<i64> = numbers.collect();
    match members.len() {
        all if flags.len() == all => Column::Flag(flags),
        all if numbers.len() == all => Column::Int(numbers),
        all => Column::Text {
            codes: (0..all).map(|at| u32::try_from(at).expect("few members")).collect(),
            words: values.iter().map(|value| value.as_text().expect(fact).to_owned()).collect(),
        },
    }
}

fn id_of(member: &Node) -> u64 {
    match member.get("id") {
        Some(Node::Int(id)) => u64::try_from(*id).expect("an id above zero"),
        other => panic!("{other:?} is no id"),
    }
}

fn read(plan: &Plan, forest: &Forest, orders: &Orders<'_>, rows: &Rows) -> Settled {
    assert!(rows.conserves());
    let number = |value: u32| usize::try_from(value).expect("a small number");
    let ids = |row: u32| {
        let (id, line) =
            (orders.ids.map(|ids| ids[number(row)]), orders.lines.map(|lines| lines[number(row)]));
        (id.unwrap_or(u64::from(row) + 1).to_string(), line.unwrap_or(1).to_string())
    };
    let keys = Names::new(plan).keys("", rows.as_block(), ids);
    let row = |at: usize| SettledRow {
        key: keys[at].clone(),
        line: number(rows.sources()[at]),
        rule: plan.rules()[number(rows.rule(at))].id.clone(),
        level: number(rows.level(at)),
        payee: forest.id(rows.payee(at)).to_string(),
        amount: big(rows.amounts()[at]),
    };
    let mut settled_rows: Vec<SettledRow> = (0..rows.len()).map(row).collect();
    settled_rows.sort();
    let retained = Reason::ALL.iter().map(|reason| (reason.name().to_owned(), big(rows.retained(*reason))));
    let retained: BTreeMap<_, _> = retained.filter(|(_, amount)| *amount != big(0)).collect();
    Settled { pool: big(rows.pool()), rows: settled_rows, retained }
}
