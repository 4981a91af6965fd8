//! `fenrun diff`: what changes when one plan replaces another, over a file of orders, a store, or closes.

mod rows;
mod source;
mod summary;

use crate::args::DiffArgs;
use crate::files::{fault, plan_path, read_plan, read_text};
use crate::output::{Console, Ending};
use crate::report::{Difference, render_plans};
use crate::whole::{WholeFile, is_standard};
use fenrun::doc::{MAX_DOCUMENT_BYTES, read_json};
use fenrun::operations::compare_close;
use fenrun::request::Tenant;
use fenrun::reward::compare::{Compared, Comparison, compare};
use fenrun::reward::plan::Plan;
use fenrun::reward::plan_set::{PlanSet, Scope};
use fenrun::time::Timestamp;
use fenrun::{Code, Error, Result, counted};
use rows::DifferenceFile;
use source::Source;
use std::io::Write;
use std::path::{Path, PathBuf};
use summary::Summary;

/// How many single differences the page lists.
const LISTED: usize = 24;

pub(crate) fn run(args: &DiffArgs, console: &Console) -> Result<Ending> {
    let plans = match &args.set {
        Some(set) => upcoming(set, args)?,
        None => args.plans.iter().map(|name| read_plan(name)).collect::<Result<Vec<_>>>()?,
    };
    let path = args.file.as_deref().or(args.tables.orders.as_deref());
    let source = path.map(|path| Source::open(path, args)).transpose()?;
    let (first, last) = match plans.as_slice() {
        [before, after] => (Some(before), after),
        [after] if source.as_ref().is_some_and(Source::is_store) && args.closes.is_empty() => (None, after),
        _ => {
            let rule = format!("{}; write --plan twice: before and after", counted(plans.len(), "plan"));
            return Err(Error::new(Code::InvalidArgument, rule));
        }
    };
    let mut files = Files::create(args, path, last, console)?;
    let (mut comparison, mut largest) = (Comparison::default(), Largest::default());
    let mut add = |compared: Compared| {
        comparison.add(&compared)?;
        for difference in compared.differences {
            files.write(&difference)?;
            largest.add(difference);
        }
        Ok(())
    };
    if let Some(source) = source {
        source.for_each_sale(first, last, |own, sale| add(compare(first.unwrap_or(own), last, sale)?))?;
    }
    for path in &args.closes {
        add(closed(path, first.unwrap_or(last), last)?)?;
    }
    let summary = Summary { before: first, after: last, comparison: &comparison, top: args.top };
    summary.check()?;
    if let Some((page, _)) = &mut files.page {
        let html = render_plans(first, last, &comparison, &largest.into_ranking(), args.lang.into());
        let page_path = args.page.as_deref().unwrap_or(Path::new(""));
        page.write_all(html.as_bytes()).map_err(|error| fault(page_path, &error))?;
    }
    let written = files.keep()?;
    if args.out.as_deref().is_some_and(is_standard) {
        Console::aside(&summary.text(args.lang.into(), &written));
    } else {
        console.answer(|| summary.document(&written), || summary.text(args.lang.into(), &written))?;
    }
    Ok(if comparison.is_equal() { Ending::Fine } else { Ending::Findings })
}

/// A close under both plans.
fn closed(path: &Path, before: &Plan, after: &Plan) -> Result<Compared> {
    let file = path.display().to_string();
    let text = read_text(path, MAX_DOCUMENT_BYTES)?;
    let close = read_json(&text, MAX_DOCUMENT_BYTES);
    close.and_then(|close| compare_close(before, after, &close)).map_err(|error| error.within(&file))
}

/// The plan of a set that is in force, and the one that follows it.
fn upcoming(path: &Path, args: &DiffArgs) -> Result<Vec<Plan>> {
    let file = path.display().to_string();
    let text = read_text(path, MAX_DOCUMENT_BYTES)?;
    let set = read_json(&text, MAX_DOCUMENT_BYTES).and_then(|node| PlanSet::from_node(&node));
    let set = set.map_err(|error| error.within(&file))?;
    let at = match &args.at {
        Some(text) => args.tables.clock().bound("--at", text),
        None => Ok(now()),
    };
    let at = at.map_err(|rule| Error::new(Code::InvalidArgument, rule))?;
    let scope = Scope::new(&Tenant::new(&args.tenant)?, args.shop.as_deref(), args.category.as_deref())?;
    let upcoming = set.upcoming(&scope, at).map_err(|error| error.within(&file))?;
    Ok(vec![upcoming.before.clone(), upcoming.after.clone()])
}

fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_ms(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// What is written beside the answer.
struct Files {
    rows: Option<DifferenceFile>,
    page: Option<(WholeFile, PathBuf)>,
}

impl Files {
    /// Starts the files, none of which is one that is read.
    fn create(args: &DiffArgs, source: Option<&Path>, plan: &Plan, console: &Console) -> Result<Self> {
        if args.out.as_deref().is_some_and(is_standard) && console.is_json() {
            let rule = "`--out -` and `--json` both want standard output; name a file with --out";
            return Err(Error::new(Code::InvalidArgument, rule));
        }
        let plans = args.plans.iter().filter_map(|name| plan_path(name));
        let more = args.set.as_deref().into_iter().chain(args.tables.members.as_deref());
        let closes = args.closes.iter().map(PathBuf::as_path);
        let inputs: Vec<&Path> = plans.chain(more).chain(source).chain(closes).collect();
        let rows = args.out.as_deref().map(|out| DifferenceFile::create(out, &inputs, plan.currency()));
        let page = match args.page.as_deref() {
            Some(page) => Some((WholeFile::create(page, &inputs)?, page.to_owned())),
            None => None,
        };
        Ok(Self { rows: rows.transpose()?, page })
    }

    fn write(&mut self, difference: &Difference) -> Result<()> {
        self.rows.as_mut().map_or(Ok(()), |rows| rows.write(difference))
    }

    /// Completes the files and gives their paths.
    fn keep(self) -> Result<Vec<PathBuf>> {
        let mut written = Vec::new();
        if let Some(rows) = self.rows {
            written.extend(Some(rows.keep()?).filter(|path| !is_standard(path)));
        }
        if let Some((file, path)) = self.page {
            file.keep()?;
            written.push(path);
        }
        Ok(written)
    }
}

/// The largest differences that were met.
#[derive(Default)]
struct Largest(Vec<Difference>);

impl Largest {
    fn add(&mut self, difference: Difference) {
        self.0.push(difference);
        if self.0.len() >= 64 * LISTED {
            self.cut();
        }
    }

    fn cut(&mut self) {
        self.0.sort_by_key(|difference| std::cmp::Reverse(difference.change().unsigned_abs()));
        self.0.truncate(LISTED);
    }

    fn into_ranking(mut self) -> Vec<Difference> {
        self.cut();
        self.0
    }
}
