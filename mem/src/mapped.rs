//! The bytes of a saved forest, as they lie on disk.

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

/// Bytes of a saved forest that came some other way, where every type can be read.
pub(crate) struct Copied {
    words: Vec<u64>,
    len: usize,
}

impl Copied {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut words = vec![0_u64; bytes.len().div_ceil(size_of::<u64>())];
        bytemuck::cast_slice_mut(&mut words)[..bytes.len()].copy_from_slice(bytes);
        Self { words, len: bytes.len() }
    }

    fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.len]
    }
}

impl Mapped {
    fn bytes(&self) -> &[u8] {
        &self.map
    }
}

macro_rules! as_slices {
    ($owner:ty: $($value:ty),+) => {$(
        impl AsRef<[$value]> for $owner {
            fn as_ref(&self) -> &[$value] {
                let bytes = self.bytes();
                let whole = bytes.len() - bytes.len() % size_of::<$value>();
                bytemuck::try_cast_slice(&bytes[..whole]).unwrap_or(&[])
            }
        }
    )+};
}

as_slices!(Mapped: u8, u32, u64, i64);
as_slices!(Copied: u8, u32, u64, i64);
