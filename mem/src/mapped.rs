//! A file in memory, as it lies on disk.

use memmap2::Mmap;
use std::fs::File;
use std::path::Path;

/// A file as each type a forest reads. It is mapped once and never written by us; saving puts another file
/// in its place.
pub(crate) struct Mapped {
    map: Mmap,
}

impl Mapped {
    pub(crate) fn open(path: &Path) -> std::io::Result<Self> {
        let file = File::open(path)?;
        // SAFETY: a map is sound while nobody changes the file behind it. We never do: a save writes another
        // file and renames it, which leaves the mapped one as it is until the last map of it is gone. Whoever
        // else writes into it in place breaks the rule of `ForestFile`, as whoever writes into a shared library
        // that runs does; no safe interface to a mapped file can promise more.
        #[allow(unsafe_code, reason = "the one place where a file is mapped")]
        let map = unsafe { Mmap::map(&file)? };
        Ok(Self { map })
    }
}

macro_rules! as_slices {
    ($($value:ty),+) => {$(
        impl AsRef<[$value]> for Mapped {
            fn as_ref(&self) -> &[$value] {
                let bytes: &[u8] = &self.map;
                let whole = bytes.len() - bytes.len() % size_of::<$value>();
                bytemuck::try_cast_slice(&bytes[..whole]).unwrap_or(&[])
            }
        }
    )+};
}

as_slices!(u8, u32, u64, i64);
