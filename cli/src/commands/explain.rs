//! `fenrun explain`: why each person got each cent, or nothing.

use crate::args::{ExplainArgs, TableArgs};
use crate::files::{read_plan, read_text};
use crate::output::{Console, Ending};
use crate::table::{Members, Orders};
use fenrun::doc::{self, MAX_DOCUMENT_BYTES, Node};
use fenrun::money::Money;
use fenrun::reward::commission::{Language, Outcome, evaluate};
use fenrun::reward::plan::Plan;
use fenrun::sale::Sale;
use fenrun::{Code, Error, Result};
use std::path::Path;

pub(crate) fn run(args: &ExplainArgs, console: &Console) -> Result<Ending> {
    let plan = read_plan(&args.plan)?;
    let sale = match (&args.sale, &args.tables.orders, &args.order) {
        (Some(path), _, _) => read_sale(path, &plan)?,
        (None, Some(orders), Some(order)) => find_sale(&args.tables, orders, order, &plan)?,
        _ => {
            let rule = "name a sale with --sale, or an order with --orders and --order";
            return Err(Error::new(Code::InvalidArgument, rule));
        }
    };
    let outcome = evaluate(&plan, &sale)?;
    let language = args.lang.into();
    console.answer(|| document(&outcome, language), || text(&plan, &sale, &outcome, language))?;
    Ok(Ending::Fine)
}

fn read_sale(path: &Path, plan: &Plan) -> Result<Sale> {
    let text = read_text(path, MAX_DOCUMENT_BYTES)?;
    let node = doc::read_json(&text, MAX_DOCUMENT_BYTES);
    let sale = node.and_then(|node| Sale::from_node(&node, plan.currency()));
    sale.map_err(|error| error.within(&path.display().to_string()))
}

fn find_sale(tables: &TableArgs, orders: &Path, order: &str, plan: &Plan) -> Result<Sale> {
    let clock = tables.clock();
    let members = tables.members.as_deref().map(|path| Members::read(path, plan, &clock)).transpose()?;
    let mut rows = Orders::open(orders, plan, members.as_ref(), &clock)?;
    while let Some(placed) = rows.next()? {
        if placed.sale.id.as_str() == order {
            return Ok(placed.sale);
        }
    }
    Err(Error::new(Code::NotFound, format!("{}: there is no order {order}", orders.display())))
}

fn document(outcome: &Outcome, language: Language) -> Node {
    let lines = outcome.explain(language).into_iter().map(Node::from).collect();
    Node::map([("outcome", outcome.to_node()), ("explanation", Node::List(lines))])
}

fn text(plan: &Plan, sale: &Sale, outcome: &Outcome, language: Language) -> String {
    let money = |minor: i64| Money::new(minor, outcome.currency()).to_string();
    let paid: i64 = outcome.rows().iter().map(|row| row.amount).sum();
    let retained: i64 = outcome.retained().iter().map(|entry| entry.amount).sum();
    let (order, buyer, name) = (&sale.id, &sale.buyer.id, plan.name());
    let (pool, paid, retained) = (money(outcome.pool()), money(paid), money(retained));
    let (first, last) = match language {
        Language::English => (
            format!("order {order}, bought by {buyer}, plan “{name}”"),
            format!("pool {pool} = paid {paid} + retained {retained}"),
        ),
        Language::Chinese => (
            format!("订单 {order}，买家 {buyer}，方案“{name}”"),
            format!("分润池 {pool} = 发放 {paid} + 留存 {retained}"),
        ),
    };
    [vec![first], outcome.explain(language), vec![last]].concat().join("\n")
}
