//! `fenrun demo`: real purchases become orders, orders become commission, and every cent is accounted for
//! in a SQLite file.

mod figures;
mod purchases;
mod room;
mod shop;
mod summary;
mod world;

use crate::args::DemoArgs;
use crate::files;
use crate::output::{Console, Ending};
use crate::progress::Progress;
use crate::report;
use crate::whole::WholeFile;
use fenrun::{Code, Error, Result};
use fenrun_store::{Report, Store};
pub(crate) use figures::{Earner, Equation, Figures, Level, Week};
use purchases::Purchase;
use room::Room;
pub(crate) use shop::PLAN;
use shop::Shop;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use summary::Summary;
use world::World;

/// How many purchases are committed at once.
const BATCH: usize = 500;
const DATA: &str = "examples/data/cdnow.txt";

pub(crate) fn run(args: &DemoArgs, console: &Console) -> Result<Ending> {
    let path = args.data.as_deref().unwrap_or(Path::new(DATA));
    let mut purchases = purchases::read(path, args.data.is_none())
        .map_err(|error| if args.data.is_none() { hint(error) } else { error })?;
    let of = purchases.len();
    purchases.truncate(args.limit.unwrap_or(purchases.len()));
    if purchases.is_empty() {
        return Err(Error::new(Code::Row, format!("{}: there is no purchase to play", path.display())));
    }
    let world = World::new(args.seed, &purchases)?;
    let mut shop = Shop::open(&world, &purchases)?;
    let room = Room::enter(&args.out)?;
    let mut store = Store::create(&room.draft)?;
    let took = play(&mut store, &mut shop, &purchases)?;
    let verified = store.verify()?;
    let figures = Figures::read(&store, &shop, &purchases)?;
    store.close()?;
    let database = room.leave()?;
    let size = std::fs::metadata(&database).map_err(|error| files::fault(&database, &error))?.len();
    let page = args.out.join("report.html");
    let run =
        Run { purchases: &purchases, of, world: &world, shop: &shop, took, verified, database, size, page };
    let mut file = WholeFile::create(&run.page, &[path])?;
    let html = report::render(&run, &figures);
    file.write_all(html.as_bytes()).map_err(|error| files::fault(&run.page, &error))?;
    file.keep()?;
    let summary = Summary { run: &run, figures: &figures };
    console.answer(|| summary.document(), || summary.text())?;
    Ok(if summary.is_sound() { Ending::Fine } else { Ending::Findings })
}

/// What a run was, beside what it left in the store.
pub(crate) struct Run<'a> {
    pub(crate) purchases: &'a [Purchase],
    /// How many there are in the data; `--limit` plays the first of them.
    pub(crate) of: usize,
    pub(crate) world: &'a World,
    pub(crate) shop: &'a Shop<'a>,
    pub(crate) took: Duration,
    pub(crate) verified: Report,
    pub(crate) database: PathBuf,
    /// Bytes of the database.
    pub(crate) size: u64,
    pub(crate) page: PathBuf,
}

impl Run<'_> {
    /// Orders a second.
    pub(crate) fn speed(&self, figures: &Figures) -> u64 {
        let micros = u64::try_from(self.took.as_micros()).unwrap_or(u64::MAX).max(1);
        figures.orders.saturating_mul(1_000_000) / micros
    }
}

/// Every purchase from cart to ledger, committed in batches.
fn play(store: &mut Store, shop: &mut Shop<'_>, purchases: &[Purchase]) -> Result<Duration> {
    let started = Instant::now();
    let mut progress = Progress::new("purchases", purchases.len());
    for part in purchases.chunks(BATCH) {
        store.batch(|batch| part.iter().try_for_each(|purchase| shop.serve(batch, purchase)))?;
        progress.advance(part.len());
    }
    Ok(started.elapsed())
}

fn hint(error: Error) -> Error {
    match error.code() {
        Code::File => {
            let rule = format!("{error}; run the demo in the repository, or name the data with --data");
            Error::new(Code::File, rule)
        }
        _ => error,
    }
}
