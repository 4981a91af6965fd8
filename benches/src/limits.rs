//! The yardstick: what this machine can do at best, measured on the spot with the bench's own data.

use fenrun::reward::referral::MemberIx;
use fenrun_mem::Column;
use std::hint::black_box;

/// Bytes written to and read back in one go.
const BYTES: usize = 64 << 20;

/// Nanoseconds for a read of the forest that waits for the one before, for one that does not, and for
/// reading and writing a byte of a large array, the best of five each.
pub(crate) fn measure(parents: &[u32], buyers: &[MemberIx]) -> serde_json::Value {
    let reads = u32::try_from(buyers.len()).map_or(1.0, f64::from);
    let dependent = best(|| {
        // The parent is used only to make the next read wait; the places stay random.
        let mut last = 0;
        for buyer in buyers {
            last = parents[buyer.index() ^ usize::try_from(last & 1).unwrap_or(0)];
        }
        u64::from(last)
    });
    let mut people = vec![0_u32; 256];
    let gathered = best(|| {
        let mut seen = 0;
        for block in buyers.chunks(256) {
            for (person, buyer) in people.iter_mut().zip(block) {
                *person = parents[buyer.index()];
            }
            seen += u64::from(black_box(&people)[0]);
        }
        seen
    });
    let bytes = u32::try_from(BYTES).map_or(1.0, f64::from);
    let Ok(mut column) = Column::<u64>::with_capacity(BYTES / 8) else {
        return serde_json::json!({"error": "no memory"});
    };
    let piece = vec![1_u64; 256];
    let mut write = || {
        column.clear();
        for _ in 0..BYTES / 8 / piece.len() {
            let _full = column.extend_from_slice(black_box(&piece));
        }
        1
    };
    write();
    let written = best(write);
    let read = best(|| black_box(&column).iter().fold(0, |sum: u64, value| sum.wrapping_add(*value)));
    #[allow(clippy::float_arithmetic, reason = "nanoseconds, not money")]
    let answer = serde_json::json!({
        "dependent_ns": dependent / reads,
        "gathered_ns": gathered / reads,
        "written_ns_per_byte": written / bytes,
        "read_ns_per_byte": read / bytes,
    });
    answer
}

/// The shortest of five runs, in nanoseconds of this thread.
fn best(mut run: impl FnMut() -> u64) -> f64 {
    let once = |_| {
        let before = crate::cpu_ns();
        black_box(run());
        crate::cpu_ns() - before
    };
    let shortest = (0..5).map(once).min().unwrap_or(0);
    u32::try_from(shortest).map_or(0.0, f64::from)
}
