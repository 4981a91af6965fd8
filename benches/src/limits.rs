//! The yardstick: what this machine can do at best, measured on the spot with the bench's own data.
#![allow(clippy::float_arithmetic, reason = "nanoseconds, not money")]

use fenrun::reward::referral::MemberIx;
use fenrun_mem::{Column, streamed};
use std::hint::black_box;

/// Bytes written to and read back in one go.
const BYTES: usize = 64 << 20;
/// Paths that are walked up to their root.
const WALKS: usize = 100_000;

/// Nanoseconds of what memory does, the best of some runs.
pub(crate) struct Limits {
    /// A read of the forest that waits for the one before.
    pub(crate) dependent: f64,
    /// One that does not.
    pub(crate) gathered: f64,
    /// A step up a path, where the steps of other paths may be under way.
    pub(crate) walked: f64,
    /// Writing and reading a byte of a large array.
    pub(crate) written: f64,
    pub(crate) read: f64,
}

impl Default for Limits {
    fn default() -> Self {
        let most = f64::MAX;
        Self { dependent: most, gathered: most, walked: most, written: most, read: most }
    }
}

impl Limits {
    /// Keeps the better of both.
    pub(crate) fn better(&mut self, other: &Self) {
        self.dependent = self.dependent.min(other.dependent);
        self.gathered = self.gathered.min(other.gathered);
        self.walked = self.walked.min(other.walked);
        self.written = self.written.min(other.written);
        self.read = self.read.min(other.read);
    }

    /// Measures, the best of five runs each.
    pub(crate) fn measure(parents: &[u32], buyers: &[MemberIx]) -> std::io::Result<Self> {
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
        let mut steps = 0_u32;
        let walked = best(|| {
            steps = 0;
            let mut last = 0;
            for buyer in buyers.iter().take(WALKS) {
                let mut person = buyer.index();
                while person != 0 {
                    last = parents[person];
                    person = usize::try_from(last).unwrap_or(0);
                    steps += 1;
                }
            }
            u64::from(last)
        });
        let bytes = u32::try_from(BYTES).map_or(1.0, f64::from);
        let mut column = Column::<u64>::with_capacity(BYTES / 8)?;
        let piece = vec![1_u64; 256];
        let mut write = || {
            column.clear();
            streamed(|streams| {
                let mut column = streams.column(&mut column);
                for _ in 0..BYTES / 8 / piece.len() {
                    let _full = column.extend_from_slice(black_box(&piece));
                }
            });
            1
        };
        write();
        let written = best(write);
        let read = best(|| black_box(&column).iter().fold(0, |sum: u64, value| sum.wrapping_add(*value)));
        Ok(Self {
            dependent: dependent / reads,
            gathered: gathered / reads,
            walked: walked / f64::from(steps.max(1)),
            written: written / bytes,
            read: read / bytes,
        })
    }

    pub(crate) fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "dependent_ns": self.dependent,
            "gathered_ns": self.gathered,
            "walked_ns": self.walked,
            "written_ns_per_byte": self.written,
            "read_ns_per_byte": self.read,
        })
    }
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
