//! `fenrun explain`: why each person got each cent, or nothing.

use crate::args::ExplainArgs;
use crate::files::{read_plan, read_text};
use crate::output::{Console, Ending};
use crate::table::{Members, Names, Orders};
use fenrun::doc::{self, MAX_DOCUMENT_BYTES, Node};
use fenrun::id::OrderId;
use fenrun::money::Money;
use fenrun::reward::commission::{Language, Outcome, evaluate};
use fenrun::reward::plan::Plan;
use fenrun::sale::Sale;
use fenrun::{Code, Error, Result};
use fenrun_store::{SaleKey, Store, StoredOutcome, Tenant};
use std::path::Path;

pub(crate) fn run(args: &ExplainArgs, console: &Console) -> Result<Ending> {
    if let Some(path) = &args.quote {
        return super::explain_quote::run(path, args.lang.into(), console);
    }
    if let Some(path) = &args.close {
        let plan = args.plan.as_deref().map(read_plan).transpose()?;
        return super::explain_close::run(path, plan.as_ref(), args.member, args.lang.into(), console);
    }
    if args.log.is_some() || args.events {
        return super::explain_order::run(args, console);
    }
    let case = match (&args.plan, &args.store, &args.order) {
        (_, Some(store), Some(order)) => Case::from_store(store, args, order)?,
        (Some(plan), None, _) => Case::from_files(read_plan(plan)?, args)?,
        _ => return Err(unnamed()),
    };
    let language = args.lang.into();
    console.answer(|| case.document(language), || case.text(language))?;
    Ok(Ending::Fine)
}

fn unnamed() -> Error {
    let rule = "name a sale with --sale, or an order with --order and either --orders or --store";
    Error::new(Code::InvalidArgument, rule)
}

/// What is explained.
struct Case {
    plan: Plan,
    sale: Sale,
    outcome: Outcome,
    /// What became of it since, where a store knows.
    stored: Option<StoredOutcome>,
}

impl Case {
    fn from_files(plan: Plan, args: &ExplainArgs) -> Result<Self> {
        let (sale, outcome) = match (&args.sale, &args.tables.orders, &args.order) {
            (Some(path), _, _) => from_document(path, &plan)?,
            (None, Some(orders), Some(order)) => from_tables(args, orders, order, &plan)?,
            _ => return Err(unnamed()),
        };
        Ok(Self { plan, sale, outcome, stored: None })
    }

    /// The outcome on record: what is explained must be what was paid.
    fn from_store(path: &Path, args: &ExplainArgs, order: &str) -> Result<Self> {
        let store = Store::open_to_read(path)?;
        let (tenant, sale) = (Tenant::new(&args.tenant)?, OrderId::new(order)?);
        let missing = |rule: String| Error::new(Code::NotFound, format!("{}: {rule}", path.display()));
        let Some(last) = store.last_version(&tenant, &sale)? else {
            return Err(missing(no_outcome(&store, &tenant, &sale)?));
        };
        let key = SaleKey { tenant, sale, version: args.version.unwrap_or(last) };
        let (Some(frozen), Some(stored)) = (store.frozen(&key)?, store.outcome(&key)?) else {
            let rule = format!("order {order} has no version {}, the last is {last}", key.version);
            return Err(missing(rule));
        };
        let outcome = evaluate(frozen.plan(), frozen.sale())?;
        let paid = stored.rows.iter().filter(|row| row.refund.is_none()).map(|row| (&row.key, row.amount));
        if !paid.eq(outcome.rows().iter().map(|row| (&row.key, row.amount))) {
            let rule =
                format!("{}: order {order} evaluates to other rows than those on record", path.display());
            return Err(Error::new(Code::Inconsistent, rule));
        }
        let (plan, sale) = (frozen.plan().clone(), frozen.sale().clone());
        Ok(Self { plan, sale, outcome, stored: Some(stored) })
    }

    fn document(&self, language: Language) -> Node {
        let lines = self.lines(language).into_iter().map(Node::from).collect();
        Node::map([("outcome", self.outcome.to_node()), ("explanation", Node::List(lines))])
    }

    fn text(&self, language: Language) -> String {
        let (order, buyer, name) = (&self.sale.id, &self.sale.buyer.id, self.plan.name());
        let first = match language {
            Language::English => format!("order {order}, bought by {buyer}, plan “{name}”"),
            Language::Chinese => format!("订单 {order}，买家 {buyer}，方案“{name}”"),
        };
        [vec![first], self.lines(language)].concat().join("\n")
    }

    fn lines(&self, language: Language) -> Vec<String> {
        let outcome = &self.outcome;
        let paid: i64 = outcome.rows().iter().map(|row| row.amount).sum();
        let retained: i64 = outcome.retained().iter().map(|entry| entry.amount).sum();
        let (pool, paid, retained) = (self.money(outcome.pool()), self.money(paid), self.money(retained));
        let mut lines = outcome.explain(language);
        lines.push(match language {
            Language::English => format!("pool {pool} = paid {paid} + retained {retained}"),
            Language::Chinese => format!("分润池 {pool} = 发放 {paid} + 留存 {retained}"),
        });
        lines.extend(self.stored.iter().flat_map(|stored| self.since(stored, language)));
        lines
    }

    /// What refunds took back, and what stands.
    fn since(&self, stored: &StoredOutcome, language: Language) -> Vec<String> {
        let taken = stored.rows.iter().filter_map(|row| {
            let (refund, payee, amount) = (row.refund.as_ref()?, &row.payee, self.money(row.amount));
            Some(match language {
                Language::English => format!("refund {refund}: {payee} {amount}"),
                Language::Chinese => format!("退款 {refund}：{payee} {amount}"),
            })
        });
        let stands = stored.entries.iter().map(|entry| {
            let (payee, amount, state) = (&entry.payee, self.money(entry.amount), entry.state);
            match language {
                Language::English => format!("stands: {payee} {amount}, {}", state.english()),
                Language::Chinese => format!("现存：{payee} {amount}，{}", state.chinese()),
            }
        });
        taken.chain(stands).collect()
    }

    fn money(&self, minor: i64) -> String {
        Money::new(minor, self.outcome.currency()).to_string()
    }
}

/// Why an order has nothing to explain.
fn no_outcome(store: &Store, tenant: &Tenant, order: &OrderId) -> Result<String> {
    if store.tenants_of(order)?.contains(tenant) {
        return Ok(format!("order {order} is on record and has no commission yet"));
    }
    no_order(store, tenant, order)
}

/// Whose an order is that the tenant does not have, if anybody's.
pub(super) fn no_order(store: &Store, tenant: &Tenant, order: &OrderId) -> Result<String> {
    let tenants = store.tenants_of(order)?;
    let names: Vec<_> = tenants.iter().map(|tenant| format!("{:?}", tenant.as_str())).collect();
    Ok(match names.as_slice() {
        [] => format!("there is no order {order}"),
        names => format!(
            "order {order} is not of tenant {:?} but of {}; name it with --tenant",
            tenant.as_str(),
            names.join(", ")
        ),
    })
}

fn from_document(path: &Path, plan: &Plan) -> Result<(Sale, Outcome)> {
    let file = path.display().to_string();
    let text = read_text(path, MAX_DOCUMENT_BYTES)?;
    let node = doc::read_json(&text, MAX_DOCUMENT_BYTES);
    let sale = node.and_then(|node| Sale::from_node(&node, plan.currency()));
    let sale = sale.map_err(|error| error.within(&file))?;
    let outcome =
        evaluate(plan, &sale).map_err(|error| error.within(&format!("{file}: sale {}", sale.id)))?;
    Ok((sale, outcome))
}

fn from_tables(args: &ExplainArgs, path: &Path, order: &str, plan: &Plan) -> Result<(Sale, Outcome)> {
    let (tables, tenant) = (&args.tables, Tenant::new(&args.tenant)?);
    let (clock, names) = (tables.clock(), Names::of(plan));
    let members = tables.members.as_deref().map(|path| Members::read(path, &names, &clock)).transpose()?;
    let mut orders = Orders::open(path, &names, members.as_ref(), &clock, &tenant)?;
    while let Some(placed) = orders.next()? {
        if placed.sale.id.as_str() == order {
            let outcome = evaluate(plan, &placed.sale).map_err(|error| orders.explain(&placed, error))?;
            return Ok((placed.sale, outcome));
        }
    }
    Err(Error::new(Code::NotFound, format!("{}: there is no order {order}", path.display())))
}
