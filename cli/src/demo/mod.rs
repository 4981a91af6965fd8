//! `fenrun demo`: real purchases become orders, orders become commission, and every cent is accounted for
//! in a SQLite file.

mod figures;
mod purchases;
mod shop;
mod summary;
mod world;

use crate::args::DemoArgs;
use crate::files;
use crate::output::{Console, Ending};
use crate::progress::Progress;
use fenrun::{Code, Error, Result};
use fenrun_store::{Report, Store};
use figures::Figures;
use purchases::Purchase;
use shop::Shop;
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
    purchases.truncate(args.limit.unwrap_or(purchases.len()));
    if purchases.is_empty() {
        return Err(Error::new(Code::Row, format!("{}: there is no purchase to play", path.display())));
    }
    let world = World::new(args.seed, &purchases)?;
    let mut shop = Shop::open(&world, &purchases)?;
    let database = make_room(&args.out)?;
    let mut store = Store::create(&database)?;
    let took = play(&mut store, &mut shop, &purchases)?;
    let verified = store.verify()?;
    let figures = Figures::read(&store, &shop, &purchases)?;
    store.close()?;
    let size = std::fs::metadata(&database).map_err(|error| files::fault(&database, &error))?.len();
    let run = Run { purchases: &purchases, world: &world, shop: &shop, took, verified, database, size };
    let summary = Summary { run: &run, figures: &figures };
    console.answer(|| summary.document(), || summary.text())?;
    Ok(if summary.is_sound() { Ending::Fine } else { Ending::Findings })
}

/// What a run was, beside what it left in the store.
struct Run<'a> {
    purchases: &'a [Purchase],
    world: &'a World,
    shop: &'a Shop<'a>,
    took: Duration,
    verified: Report,
    database: PathBuf,
    size: u64,
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

/// The folder of the results, without the database of an earlier demo. A file that is no store is not ours
/// to remove.
fn make_room(out: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(out).map_err(|error| files::fault(out, &error))?;
    let database = out.join("fenrun.db");
    if database.exists() {
        Store::open(&database)?.close()?;
        std::fs::remove_file(&database).map_err(|error| files::fault(&database, &error))?;
    }
    Ok(database)
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
