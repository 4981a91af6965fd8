//! Bytes as a saved forest: as they are, and with every checksum mended, as damage that nobody sees would be.

use crate::refused;
use fenrun::Result;
use fenrun::reward::referral::{Forest, IMAGE_HEADER_BYTES, Order, PAGE, ReadIndex};
use fenrun::time::Timestamp;
use fenrun_mem::ForestFile;

/// An entry of the table of sections.
const ENTRY: usize = 32;
/// Where the length of the file, the number of sections and the checksum of header and table stand.
const LENGTH_AT: usize = 16;
const COUNT_AT: usize = 56;
const CHECKSUM_AT: usize = 60;
/// Members that are looked at one by one.
const LOOKED_AT: usize = 64;

/// What opens can be read without an end missed, and is saved and opened as the same.
pub fn run(data: &[u8]) -> bool {
    let as_it_is = open(data);
    if let Err(error) = &as_it_is {
        refused(error);
    }
    let mut mended = data.to_vec();
    mend(&mut mended);
    match open(&mended) {
        Err(error) => {
            assert!(as_it_is.is_err(), "mending checksums broke a forest: {error}");
            refused(&error);
            false
        }
        Ok(forest) => {
            sound(&forest);
            true
        }
    }
}

/// Reads that must end, and the image of the image.
pub(crate) fn sound(forest: &Forest) {
    for member in forest.members().take(LOOKED_AT) {
        let steps = forest.upline(member, None).take(forest.len() + 1).count();
        assert!(steps < forest.len().max(1), "a cycle above {member:?}");
        // A moment of a damaged past may hold a cycle; the walk itself must not go astray.
        let _steps = forest.upline(member, Some(Timestamp::from_ms(0))).take(LOOKED_AT).count();
        let _found = (forest.find(forest.id(member)), forest.person(member));
    }
    let _order = Order::of(forest);
    let _page = ReadIndex::of(forest).page(fenrun::reward::referral::MemberIx::NOBODY, 0, PAGE).len();
    let image = forest.to_image();
    let again = open(&image).unwrap_or_else(|error| panic!("what was saved does not open: {error}"));
    assert!(again.to_image() == image, "what was opened is saved as something else");
}

fn mend(bytes: &mut [u8]) {
    if bytes.len() < IMAGE_HEADER_BYTES {
        return;
    }
    let length = (bytes.len() as u64).to_le_bytes();
    bytes[LENGTH_AT..LENGTH_AT + 8].copy_from_slice(&length);
    let count = u32::from_le_bytes(bytes[COUNT_AT..COUNT_AT + 4].try_into().unwrap()) as usize;
    let table = IMAGE_HEADER_BYTES.saturating_add(count.saturating_mul(ENTRY));
    if table > bytes.len() {
        return;
    }
    for entry in (IMAGE_HEADER_BYTES..table).step_by(ENTRY) {
        let long = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        let width = u64::from(u32::from_le_bytes(bytes[entry + 4..entry + 8].try_into().unwrap()));
        let end = width.checked_mul(long(entry + 16)).and_then(|size| size.checked_add(long(entry + 8)));
        let Some(end) = end.and_then(|end| usize::try_from(end).ok()).filter(|end| *end <= bytes.len())
        else {
            continue;
        };
        let checksum = crc32fast::hash(&bytes[long(entry + 8) as usize..end]).to_le_bytes();
        bytes[entry + 24..entry + 28].copy_from_slice(&checksum);
    }
    bytes[CHECKSUM_AT..CHECKSUM_AT + 4].fill(0);
    let checksum = crc32fast::hash(&bytes[..table]).to_le_bytes();
    bytes[CHECKSUM_AT..CHECKSUM_AT + 4].copy_from_slice(&checksum);
}

pub(crate) fn open(bytes: &[u8]) -> Result<Forest> {
    ForestFile::read(bytes)
}
