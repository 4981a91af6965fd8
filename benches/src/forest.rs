//! The forest: what a shop asks of it all day, over members with uniformly random inviters.

use crate::cpu_ns;
use fenrun::reward::referral::{Forest, MemberIx, Order, PAGE, ReadIndex};
use fenrun_mem::ForestFile;
use std::error::Error;
use std::hint::black_box;

/// Questions of each kind.
const ASKED: u32 = 1_000_000;
/// Moves with a volume that is kept.
const MOVED: u32 = 100_000;

/// Nanoseconds of one is-above, one page of 50, one move with a volume repaired on both paths; of a member
/// in a sweep of team sums and in the making of the index; of opening a saved forest; and bytes a member of
/// the file. The checksum is of all answers.
pub(crate) fn run(members: u32) -> Result<serde_json::Value, Box<dyn Error>> {
    let mut dice = Dice(20_261_123);
    let ids: Vec<u64> = (1..=u64::from(members)).collect();
    let inviters: Vec<u64> =
        ids.iter().map(|id| if *id == 1 { 0 } else { 1 + u64::from(dice.below(*id - 1)) }).collect();
    let mut forest = Forest::from_edges(&ids, &inviters)?;
    let asked: Vec<[MemberIx; 2]> =
        (0..ASKED).map(|_| [dice.member(members), dice.member(members)]).collect();
    let mut checksum = 0_u64;
    let (index, made) = timed(|| ReadIndex::of(&forest));
    let (above, is_above) = timed(|| asked.iter().filter(|[a, b]| index.is_above(*a, *b)).count());
    checksum += u64::try_from(above)?;
    let (seen, page) = timed(|| {
        let last = |[a, b]: &[MemberIx; 2]| {
            let after = b.index() % 100;
            index.page(*a, after, PAGE).iter().map(|ix| u64::from(ix.get())).sum::<u64>()
        };
        asked.iter().map(last).sum::<u64>()
    });
    checksum += seen;
    let own: Vec<i64> = ids.iter().map(|id| i64::try_from(id % 1000)).collect::<Result<_, _>>()?;
    let order = Order::of(&forest);
    let (sums, swept) = timed(|| order.sums(&forest, &own));
    checksum += sums?.iter().map(|sum| sum.unsigned_abs()).sum::<u64>();
    let path = std::env::temp_dir().join(format!("fenrun-bench-{}.forest", std::process::id()));
    ForestFile::save(&forest, &path)?;
    let bytes = std::fs::metadata(&path)?.len();
    let (opened, open) = timed(|| ForestFile::open(&path));
    checksum += u64::from(black_box(opened?.0.parent(MemberIx::new(members), None).get()));
    std::fs::remove_file(&path)?;
    std::fs::remove_file(path.with_extension("forest.journal"))?;
    forest.track("volume", &own, 0)?;
    let (moved, hung) = timed(|| {
        let moves = asked.iter().take(usize::try_from(MOVED).unwrap_or(0));
        moves.filter(|[a, b]| forest.rebind(u64::from(a.get()), u64::from(b.get()), None).is_ok()).count()
    });
    checksum += u64::try_from(moved)? + forest.team("volume", MemberIx::new(1))?.unsigned_abs();
    #[allow(clippy::float_arithmetic, reason = "nanoseconds, not money")]
    let answer = serde_json::json!({
        "members": members,
        "is_above_ns": is_above / f64::from(ASKED),
        "page_ns": page / f64::from(ASKED),
        "move_ns": hung / f64::from(MOVED),
        "sum_ns_per_member": swept / f64::from(members),
        "index_ns_per_member": made / f64::from(members),
        "open_ns": open,
        "bytes": bytes,
        "checksum": checksum,
    });
    Ok(answer)
}

fn timed<T>(job: impl FnOnce() -> T) -> (T, f64) {
    let before = cpu_ns();
    let done = black_box(job());
    // Minutes fit 32 bits in these, and every number of 32 bits is a float.
    let hundreds = u32::try_from((cpu_ns() - before) / 100).unwrap_or(u32::MAX);
    #[allow(clippy::float_arithmetic, reason = "nanoseconds, not money")]
    let ns = f64::from(hundreds) * 100.0;
    (done, ns)
}

/// Small seeded numbers.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u32 {
        self.0 = self.0.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        u32::try_from((self.0 >> 33) % end).unwrap_or(0)
    }

    fn member(&mut self, members: u32) -> MemberIx {
        MemberIx::new(1 + self.below(u64::from(members)))
    }
}
