//! `fenrun settle`: a file of orders under a plan.

use crate::args::SettleArgs;
use crate::files::{plan_path, read_plan};
use crate::output::{Console, Ending, count, grouped, pairs};
use crate::table::{Arrays, Members, Names, Orders, Placed, RowFile, RowRecord};
use crate::whole::{WholeFile, is_standard};
use fenrun::doc::Node;
use fenrun::id::LineId;
use fenrun::money::Money;
use fenrun::request::Tenant;
use fenrun::reward::batch::{self, Names as RowNames, Rows, settle};
use fenrun::reward::commission::{Outcome, Reason, evaluate};
use fenrun::reward::plan::Plan;
use fenrun::{Code, Error, Result};
use std::path::{Path, PathBuf};

pub(crate) fn run(args: &SettleArgs, console: &Console) -> Result<Ending> {
    let plan = read_plan(&args.plan)?;
    let tenant = Tenant::new(&args.tenant)?;
    let (clock, names) = (args.tables.clock(), Names::of(&plan));
    let path = args.tables.orders.as_deref().ok_or_else(|| {
        let rule = "name the orders with --orders; docs/reference/csv.md lists their columns";
        Error::new(Code::InvalidArgument, rule)
    })?;
    let members =
        args.tables.members.as_deref().map(|path| Members::read(path, &names, &clock)).transpose()?;
    let out = args.out.as_deref().map(|out| create(out, args, &plan, console)).transpose()?;
    let mut settled = Settled {
        plan: &plan,
        tenant: tenant.clone(),
        out,
        orders: 0,
        rows: 0,
        pool: 0,
        paid: 0,
        retained: [0; _],
    };
    let open = || Orders::open(path, &names, members.as_ref(), &clock, &tenant);
    // An order at fault stops the batch without its line of the file; read one by one, it is named.
    let batch = match (&members, open()?.arrays()?) {
        (Some(members), Some(arrays)) => {
            run_batch(&plan, members, &arrays).map(|rows| (members, arrays, rows))
        }
        _ => None,
    };
    match batch {
        Some((members, arrays, rows)) => settled.batch(members, &arrays, &rows)?,
        None => settled.one_by_one(open()?)?,
    }
    settled.finish(console)
}

/// The file of rows, which is none of the files that are read.
fn create(out: &Path, args: &SettleArgs, plan: &Plan, console: &Console) -> Result<RowFile> {
    if is_standard(out) && console.is_json() {
        let rule = "`--out -` and `--json` both want standard output; name a file with --out";
        return Err(Error::new(Code::InvalidArgument, rule));
    }
    let tables = args.tables.members.iter().chain(&args.tables.orders).map(PathBuf::as_path);
    let inputs: Vec<&Path> = plan_path(&args.plan).into_iter().chain(tables).collect();
    RowFile::create(out, &inputs, plan.currency())
}

fn run_batch(plan: &Plan, members: &Members, arrays: &Arrays) -> Option<Rows> {
    let components = arrays.components.iter().map(|(name, column)| (name.as_str(), &column[..]));
    let components: Vec<(&str, &[i64])> = components.collect();
    let mut orders = batch::Orders::new(&arrays.buyers, &components);
    orders.units = Some(&arrays.units);
    // Whoever moved is paid for what was bought before, and whoever came after is not.
    orders.placed_at = members.is_dated().then_some(&arrays.placed_at[..]);
    settle(plan, members.forest()?, &orders, None).ok()
}

/// Totals so far, and the file of rows.
struct Settled<'a> {
    plan: &'a Plan,
    tenant: Tenant,
    out: Option<RowFile>,
    orders: usize,
    rows: usize,
    pool: i128,
    paid: i128,
    retained: [i128; Reason::ALL.len()],
}

impl Settled<'_> {
    fn batch(&mut self, members: &Members, arrays: &Arrays, rows: &Rows) -> Result<()> {
        self.orders = arrays.ids.len();
        self.pool = i128::from(rows.pool());
        for (total, reason) in self.retained.iter_mut().zip(Reason::ALL) {
            *total = i128::from(rows.retained(*reason));
        }
        let index = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let (names, tenant) = (RowNames::new(self.plan), self.tenant.clone());
        let ids = |source| (arrays.ids[index(source)].to_string(), "1".to_owned());
        let keys = names.keys(tenant.as_str(), rows.as_block(), ids);
        for (at, key) in keys.iter().enumerate() {
            self.row(&RowRecord {
                order: arrays.ids[index(rows.sources()[at])].as_str(),
                // A rule that rounds per order pays for no line in particular.
                line: if names.has_line(rows.rule(at)) { "1" } else { "" },
                rule: names.rule(rows.rule(at)).unwrap_or_default(),
                level: index(rows.level(at)),
                payee: members.name(rows.payee(at)),
                minor: rows.amounts()[at],
                account: names.account(rows.accounts(), at),
                key,
            })?;
        }
        Ok(())
    }

    fn one_by_one(&mut self, mut orders: Orders<'_>) -> Result<()> {
        while let Some(placed) = orders.next()? {
            let outcome =
                evaluate(self.plan, &placed.sale).map_err(|error| orders.explain(&placed, error))?;
            self.outcome(&placed, &outcome)?;
        }
        Ok(())
    }

    fn outcome(&mut self, placed: &Placed, outcome: &Outcome) -> Result<()> {
        self.orders += 1;
        self.pool += i128::from(outcome.pool());
        for entry in outcome.retained() {
            for (total, _) in self.retained.iter_mut().zip(Reason::ALL).filter(|(_, r)| **r == entry.reason) {
                *total += i128::from(entry.amount);
            }
        }
        // In the order of the file, as the batch has it: by line, then by rule and level.
        let place = |line: &LineId| placed.lines.iter().position(|id| id == line);
        let mut rows: Vec<_> = outcome.rows().iter().collect();
        rows.sort_by_key(|row| row.line.as_ref().and_then(place).unwrap_or(0));
        for row in rows {
            self.row(&RowRecord {
                order: outcome.sale().as_str(),
                line: row.line.as_ref().map_or("", LineId::as_str),
                rule: &row.rule,
                level: row.level,
                payee: row.payee.as_str(),
                minor: row.amount,
                account: &row.account,
                key: &row.key,
            })?;
        }
        Ok(())
    }

    fn row(&mut self, row: &RowRecord<'_>) -> Result<()> {
        self.rows += 1;
        self.paid += i128::from(row.minor);
        self.out.as_mut().map_or(Ok(()), |out| out.write(row))
    }

    fn finish(self, console: &Console) -> Result<Ending> {
        let retained: i128 = self.retained.iter().sum();
        if self.paid + retained != self.pool {
            let rule = format!("{} paid and {retained} retained of a pool of {}", self.paid, self.pool);
            return Err(Error::new(Code::Inconsistent, rule));
        }
        let narrow = |minor: i128| {
            let rule = format!("a total of {minor} minor units does not fit");
            i64::try_from(minor).map_err(|_| Error::new(Code::Overflow, rule))
        };
        let file = self.out.map(RowFile::finish).transpose()?;
        let reasons = Reason::ALL.iter().zip(self.retained).filter(|(_, minor)| *minor != 0);
        let totals = Totals {
            plan: self.plan,
            orders: count(self.orders),
            rows: count(self.rows),
            pool: narrow(self.pool)?,
            paid: narrow(self.paid)?,
            retained: reasons.map(|(reason, minor)| Ok((*reason, narrow(minor)?))).collect::<Result<_>>()?,
            out: file.as_ref().map(|file| file.path().to_owned()),
        };
        let keep = || file.map_or(Ok(()), WholeFile::keep);
        if totals.out.as_deref().is_some_and(is_standard) {
            keep()?;
            Console::aside(&totals.text());
        } else {
            // A file that took its place cannot be taken back when the totals find no way out.
            console.answer(|| totals.document(), || totals.text())?;
            keep()?;
        }
        Ok(Ending::Fine)
    }
}

/// What is printed.
struct Totals<'a> {
    plan: &'a Plan,
    orders: i64,
    rows: i64,
    pool: i64,
    paid: i64,
    retained: Vec<(Reason, i64)>,
    out: Option<PathBuf>,
}

impl Totals<'_> {
    /// The file of rows; none where they went to standard output.
    fn written(&self) -> Option<String> {
        self.out.as_deref().filter(|path| !is_standard(path)).map(|path| path.display().to_string())
    }

    fn document(&self) -> Node {
        let retained = self.retained.iter().map(|(reason, minor)| (reason.name(), Node::Int(*minor)));
        let allowed = self.plan.allow().iter().map(|(id, reason)| (id.as_str(), reason.as_str().into()));
        Node::map([
            ("plan", Node::from(self.plan.hash())),
            ("currency", self.plan.currency().code().into()),
            ("orders", self.orders.into()),
            ("rows", self.rows.into()),
            ("pool", self.pool.into()),
            ("paid", self.paid.into()),
            ("retained", Node::map(retained)),
            ("allowed", Node::map(allowed)),
            ("out", self.written().into()),
        ])
    }

    fn text(&self) -> String {
        let money = |minor: i64| Money::new(minor, self.plan.currency()).to_string();
        let mut rows = vec![
            ("plan".to_owned(), self.plan.name().to_owned()),
            ("orders".to_owned(), grouped(self.orders)),
            ("rows".to_owned(), grouped(self.rows)),
            ("pool".to_owned(), money(self.pool)),
            ("paid".to_owned(), money(self.paid)),
        ];
        for (reason, minor) in &self.retained {
            rows.push((format!("retained {}", reason.name()), money(*minor)));
        }
        for (id, reason) in self.plan.allow() {
            rows.push((format!("allowed {id}"), reason.clone()));
        }
        rows.extend(self.written().map(|path| ("written".to_owned(), path)));
        pairs(&rows)
    }
}
