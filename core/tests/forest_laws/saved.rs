//! Forests that were saved: whatever is opened is the forest, with its journal too, and damage is told.

use crate::machine::{PEOPLE, VOLUME, apply, facts};
use crate::script::{Step, script};
use fenrun::id::ExternalId;
use fenrun::reward::referral::{
    Column, Forest, ForestChange, IMAGE_HEADER_BYTES, JOURNAL_HEADER_BYTES, JOURNAL_RECORD_BYTES, Journal,
    MemberIx, Order, ReadIndex, Stamp,
};
use fenrun::time::Timestamp;
use fenrun::{Code, Result};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::sync::Arc;

/// A file in memory, as each type of its own.
struct Held {
    bytes: Vec<u8>,
    words: Vec<u32>,
    longs: Vec<u64>,
    signed: Vec<i64>,
}

macro_rules! held {
    ($($field:ident: $type:ty,)+) => {$(
        impl AsRef<[$type]> for Held {
            fn as_ref(&self) -> &[$type] {
                &self.$field
            }
        }
    )+};
}

held! { bytes: u8, words: u32, longs: u64, signed: i64, }

fn open(bytes: &[u8]) -> Result<Forest> {
    let long = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap());
    let longs: Vec<u64> = bytes.chunks_exact(8).map(long).collect();
    let held = Held {
        bytes: bytes.to_vec(),
        words: bytes.chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())).collect(),
        signed: longs.iter().map(|long| i64::from_le_bytes(long.to_le_bytes())).collect(),
        longs,
    };
    Forest::from_image(&Arc::new(held))
}

fn seen(mut forest: Forest, own: &[i64]) -> Vec<(String, String)> {
    forest.track(VOLUME, own, 0).unwrap();
    forest.track(PEOPLE, &vec![1; forest.len()], 1).unwrap();
    facts(&forest, &Order::of(&forest), &ReadIndex::of(&forest))
}

fn change(step: &Step) -> Option<(ForestChange, Option<Timestamp>)> {
    Some(match *step {
        Step::Join { member, inviter, from } => (ForestChange::Join { member, inviter }, from),
        Step::Add { .. } => return None,
        Step::Bind { member, inviter, from } => (ForestChange::Bind { member, inviter }, from),
        Step::Rebind { member, inviter, from } => (ForestChange::Rebind { member, inviter }, from),
        Step::Unbind { member, from } => (ForestChange::Unbind { member }, from),
        Step::Merge { kept, gone, from } => (ForestChange::Merge { kept, gone }, from),
        Step::Close { member, closing, from } => (ForestChange::Close { member, closing }, from),
    })
}

/// Saved in the middle of a script and opened again, with the rest of the script in a journal that is read
/// in two parts.
#[test]
fn a_saved_forest_with_its_journal_is_the_forest() {
    let config = Config { cases: crate::cases(), failure_persistence: None, ..Config::default() };
    let run = |(steps, cut, torn): (Vec<Step>, prop::sample::Index, usize)| {
        let (first, rest) = steps.split_at(cut.index(steps.len()));
        let mut forest = Forest::new();
        for step in first.iter().filter(|step| change(step).is_some()) {
            let _refused = apply(&mut forest, step);
        }
        let image = forest.to_image();
        let mut opened = open(&image).unwrap();
        let mut records = Vec::new();
        for (change, from) in rest.iter().filter_map(change) {
            let record = Journal::record(&forest, &change, from);
            if forest.apply(&change, from).is_ok() {
                records.extend_from_slice(&record);
            }
        }
        let torn = torn.min(records.len());
        let done = Journal::replay(&mut opened, &records[..records.len() - torn]).unwrap();
        prop_assert_eq!(done, (records.len() - torn) / JOURNAL_RECORD_BYTES * JOURNAL_RECORD_BYTES);
        Journal::replay(&mut opened, &records[done..]).unwrap();
        let own: Vec<i64> = (1..).take(forest.len()).collect();
        prop_assert_eq!(opened.version(), forest.version());
        prop_assert_eq!(opened.to_image(), forest.to_image());
        prop_assert_eq!(seen(opened, &own), seen(forest, &own));
        Ok(())
    };
    TestRunner::new(config)
        .run(&(script(), any::<prop::sample::Index>(), 0..100_usize), run)
        .unwrap_or_else(|error| panic!("{error}"));
}

fn sample() -> Forest {
    let mut forest = Forest::from_edges(&[10, 20, 30, 40], &[0, 10, 20, 10]).unwrap();
    forest.rebind(30, 40, Some(Timestamp::from_ms(5))).unwrap();
    forest.set_ranks(&["V1".into(), "V2".into()], vec![0, 2, 1, 0]).unwrap();
    forest.set_fact("active", Column::Flag(vec![true, false, true, true])).unwrap();
    forest.set_fact("score", Column::Int(vec![-1, 2, i64::MAX, 0])).unwrap();
    let words = vec!["深圳".into(), "x".into()];
    forest.set_fact("city", Column::Text { codes: vec![1, 0, 0, 1], words }).unwrap();
    let from = Some(Timestamp::from_ms(5));
    forest.close(40, fenrun::reward::referral::Closing::Stay, from).unwrap();
    forest
}

#[test]
fn ranks_and_facts_are_saved() {
    let (forest, opened) = (sample(), open(&sample().to_image()).unwrap());
    for ix in forest.members() {
        assert_eq!(opened.person(ix), forest.person(ix));
    }
    assert!(opened.is_closed(MemberIx::new(4)) && opened.is_dated());
    assert!(open(&Forest::new().to_image()).unwrap().is_empty());
}

/// Who joined after a column was set states nothing in it: the forest is saved so and opened so.
#[test]
fn who_joined_after_a_column_was_set_states_nothing() {
    let names = ["V1".to_owned()];
    let columns = [
        Column::Flag(vec![true, true]),
        Column::Int(vec![7, 8]),
        Column::Text { codes: vec![0, 1], words: vec!["a".into(), "b".into()] },
    ];
    for column in columns.into_iter().map(Some).chain([None]) {
        let mut forest = Forest::from_edges(&[1, 2], &[0, 1]).unwrap();
        match &column {
            Some(column) => forest.set_fact("x", column.clone()).unwrap(),
            None => forest.set_ranks(&names, vec![1, 1]).unwrap(),
        }
        let late = forest.join(3, Some(2), None).unwrap();
        let opened = open(&forest.to_image()).unwrap_or_else(|error| panic!("{column:?}: {error}"));
        for ix in forest.members() {
            assert_eq!(opened.person(ix), forest.person(ix), "{column:?}");
        }
        let person = opened.person(late);
        assert!(person.facts.is_empty() && person.rank.is_none(), "{column:?}");
        assert_eq!(opened.to_image(), forest.to_image());
    }
}

#[test]
fn the_same_members_saved_again_have_another_stamp() {
    let (forest, mut image) = (sample(), sample().to_image());
    for _ in 0..5 {
        let stamp = Stamp::of(&image).unwrap();
        let next = forest.to_numbered_image(stamp.next_save(), 0);
        assert_ne!(Stamp::of(&next).unwrap().checksum, stamp.checksum);
        // The journal of a later save of the same members is never taken for that of an earlier one.
        let later = Journal::of(Stamp::of(&next).unwrap());
        assert_eq!(later.follows(&Journal::of(stamp).header()), Ok(false));
        assert_eq!(Journal::of(stamp).follows(&later.header()).unwrap_err().code(), Code::StaleForest);
        assert_eq!(open(&next).unwrap().to_image(), forest.to_image());
        image = next;
    }
    for bit in 0..32 {
        let other = forest.to_numbered_image(1 << bit, 0);
        let checksum = |image: &[u8]| Stamp::of(image).unwrap().checksum;
        assert_ne!(checksum(&other), checksum(&forest.to_image()), "bit {bit}");
        let salted = forest.to_numbered_image(0, 1 << bit);
        assert_ne!(checksum(&salted), checksum(&forest.to_image()), "bit {bit} of the salt");
        assert_eq!(open(&salted).unwrap().to_image(), forest.to_image());
    }
    assert_eq!(Stamp::of(&forest.to_numbered_image(u32::MAX, 0)).unwrap().next_save(), 0);
}

/// Text ids lie in the file, and those who join later in its journal.
#[test]
fn texts_are_saved_and_joined() {
    let mut forest = Forest::from_edges(&[2, 1, 3], &[1, 0, 2]).unwrap();
    forest.set_texts(["甲", "u-2", "丙"]).unwrap();
    let mut opened = open(&forest.to_image()).unwrap();
    assert_eq!(opened.find_text("u-2"), forest.find(2));
    let longest = "长".repeat(21) + "x";
    let mut records = Vec::new();
    for (text, inviter, from) in
        [("丁", Some(3), None), (longest.as_str(), None, None), ("戊", Some(4), Some(7))]
    {
        let change = ForestChange::JoinText { text: ExternalId::new(text).unwrap(), inviter };
        let from = from.map(Timestamp::from_ms);
        records.extend_from_slice(&Journal::record(&forest, &change, from));
        forest.apply(&change, from).unwrap();
    }
    assert_eq!(Journal::replay(&mut opened, &records), Ok(records.len()));
    assert_eq!(opened.to_image(), forest.to_image());
    let upline = |forest: &Forest| {
        let fifth = forest.named("戊").unwrap();
        forest.upline(fifth, None).map(|ix| forest.name(ix)).collect::<Vec<_>>()
    };
    assert_eq!(upline(&open(&forest.to_image()).unwrap()), ["丁", "丙", "u-2", "甲"]);
    // A number does not join texts, nor does a text twice.
    let code = |change: ForestChange| opened.clone().apply(&change, None).unwrap_err().code();
    assert_eq!(code(ForestChange::Join { member: 9, inviter: None }), Code::InvalidId);
    let again = ForestChange::JoinText { text: ExternalId::new("丁").unwrap(), inviter: None };
    assert_eq!(code(again), Code::DuplicateMember);
}

/// Files that were written before tables had bits of the hash in their places.
#[test]
fn forests_of_the_first_format_are_read() {
    let mut numbers = open(include_bytes!("format_1/numbers.forest")).unwrap();
    let handles: Vec<_> = [1000, 4_000_000_000_000, 77, 9, 1].map(|id| numbers.find(id)).to_vec();
    assert_eq!(handles, (1..=5).map(MemberIx::new).map(Some).collect::<Vec<_>>());
    assert_eq!((numbers.find(2), numbers.find(0)), (None, None));
    numbers.join(78, Some(1), None).unwrap();
    let sixth = numbers.find(78).unwrap();
    let upline: Vec<_> = numbers.upline(sixth, None).map(|ix| numbers.id(ix)).collect();
    assert_eq!(upline, [1, 9, 77, 4_000_000_000_000, 1000]);
    let mut texts = open(include_bytes!("format_1/texts.forest")).unwrap();
    assert_eq!(texts.find_text("007"), texts.find_text("甲"));
    assert_eq!(texts.named(&"x".repeat(64)), Ok(MemberIx::new(4)));
    texts.join_text("丁", Some("bob"), Some(Timestamp::from_ms(8))).unwrap();
    let upline: Vec<_> = texts.upline(MemberIx::new(5), None).map(|ix| texts.name(ix)).collect();
    assert_eq!(upline, ["bob", "甲"]);
    // Saved again they are of the format of now.
    for forest in [numbers, texts] {
        let image = forest.to_image();
        assert_eq!((image[8], open(&image).unwrap().to_image()), (2, image.clone()));
    }
}

/// Ids that were chosen to meet stand beyond the table, and are saved.
#[test]
fn ids_beyond_the_table_are_saved() {
    // What `mix` of the table makes 0, 1, 2 … of: all of them ask for its first place.
    let unmix = |mixed: u64| {
        let inverse = |odd: u64| {
            (0..6).fold(odd, |sum: u64, _| sum.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(sum))))
        };
        let folded = mixed.wrapping_mul(inverse(0xBF58_476D_1CE4_E5B9));
        let id = (folded ^ (folded >> 29) ^ (folded >> 58)).wrapping_mul(inverse(0x9E37_79B9_7F4A_7C15));
        id ^ (id >> 32)
    };
    let ids: Vec<u64> = (1..).map(unmix).filter(|id| i64::try_from(*id).is_ok()).take(1000).collect();
    let mut forest = Forest::from_edges(&ids, &vec![0; ids.len()]).unwrap();
    let mut opened = open(&forest.to_image()).unwrap();
    for (id, at) in ids.iter().zip(1..) {
        assert_eq!(opened.find(*id), Some(MemberIx::new(at)));
    }
    for forest in [&mut forest, &mut opened] {
        assert_eq!(forest.join(ids[999], None, None).unwrap_err().code(), Code::DuplicateMember);
        for id in 1..2000 {
            forest.join(id << 40 | 1, Some(ids[999]), None).unwrap();
        }
        assert_eq!(forest.find(ids[500]), Some(MemberIx::new(501)));
    }
    assert_eq!(opened.to_image(), forest.to_image());
}

/// Every single changed bit, every cut, and everything that is something else.
#[test]
fn damage_is_told() {
    let image = sample().to_image();
    let code = |bytes: &[u8]| open(bytes).err().map(|error| error.code());
    assert_eq!(code(&image), None);
    for cut in 0..image.len() {
        let wanted = if cut < 8 { Code::NotAForest } else { Code::DamagedForest };
        assert_eq!(code(&image[..cut]), Some(wanted), "cut at {cut}");
    }
    let mut longer = image.clone();
    longer.extend_from_slice(&[0; 64]);
    assert_eq!(code(&longer), Some(Code::DamagedForest));
    let mut silent = Vec::new();
    for at in 0..image.len() {
        let mut changed = image.clone();
        changed[at] ^= 1 << (at % 8);
        match code(&changed) {
            Some(Code::NotAForest | Code::NewerForest | Code::DamagedForest) => {}
            None => silent.push(at),
            other => panic!("byte {at}: {other:?}"),
        }
    }
    // Only the empty room between sections holds nothing.
    assert!(silent.iter().all(|at| image[*at] == 0), "{silent:?}");
    assert!(silent.len() < image.len() / 2);
    let mut newer = image.clone();
    newer[8] = 3;
    assert_eq!(code(&newer), Some(Code::NewerForest));
    assert_eq!(code(b"member,inviter\n1,0\n"), Some(Code::NotAForest));
    assert_eq!(code(b""), Some(Code::NotAForest));
}

#[test]
fn a_journal_names_its_forest() {
    let (earlier, mut later) = (sample(), sample());
    later.join(50, Some(10), None).unwrap();
    let journal = |forest: &Forest| Journal::of(Stamp::of(&forest.to_image()[..IMAGE_HEADER_BYTES]).unwrap());
    let header = journal(&earlier).header();
    assert_eq!(journal(&earlier).follows(&header), Ok(true));
    assert_eq!(journal(&later).follows(&header), Ok(false));
    let code = |header: &[u8]| journal(&earlier).follows(header).unwrap_err().code();
    assert_eq!(code(&journal(&later).header()), Code::StaleForest);
    assert_eq!(code(b"member,inviter"), Code::NotAForest);
    assert_eq!(header.len(), JOURNAL_HEADER_BYTES);
}

/// A journal with some joins, and the forests before each of them and after the last.
fn joins(count: u64) -> (Vec<u8>, Vec<Forest>) {
    let mut forest = sample();
    let (mut records, mut stages) = (Vec::new(), vec![forest.clone()]);
    for member in (70..).take(usize::try_from(count).unwrap()) {
        let change = ForestChange::Join { member, inviter: Some(10) };
        records.extend_from_slice(&Journal::record(&forest, &change, None));
        forest.apply(&change, None).unwrap();
        stages.push(forest.clone());
    }
    (records, stages)
}

/// Every bit of a header: what was changed is never taken for the journal of an earlier save, whose changes
/// may be left out.
#[test]
fn no_bit_of_a_header_is_changed_unseen() {
    let journal = Journal::of(Stamp::of(&sample().to_image()).unwrap());
    let header = journal.header();
    for bit in 0..8 * header.len() {
        let mut changed = header;
        changed[bit / 8] ^= 1 << (bit % 8);
        let wanted = if bit < 64 { Code::NotAForest } else { Code::DamagedForest };
        assert_eq!(journal.follows(&changed).unwrap_err().code(), wanted, "bit {bit}");
    }
    for cut in 0..header.len() {
        let wanted = if cut < 8 { Code::NotAForest } else { Code::DamagedForest };
        assert_eq!(journal.follows(&header[..cut]).unwrap_err().code(), wanted, "cut at {cut}");
    }
}

/// Every bit of every record, the last one too.
#[test]
fn no_bit_of_a_record_is_changed_unseen() {
    let (records, stages) = joins(3);
    for bit in 0..8 * records.len() {
        let (mut forest, mut changed) = (sample(), records.clone());
        changed[bit / 8] ^= 1 << (bit % 8);
        let code = Journal::replay(&mut forest, &changed).unwrap_err().code();
        assert_eq!(code, Code::DamagedForest, "bit {bit}");
        let before = bit / 8 / JOURNAL_RECORD_BYTES;
        assert_eq!(forest.version(), stages[before].version(), "bit {bit}");
    }
}

#[test]
fn only_what_was_never_acknowledged_is_left_out() {
    let (records, stages) = joins(3);
    let replay = |records: &[u8]| {
        let mut forest = sample();
        let done = Journal::replay(&mut forest, records).map_err(|error| error.code())?;
        assert_eq!(forest.version(), stages[done / JOURNAL_RECORD_BYTES].version());
        Ok(done)
    };
    for cut in 0..records.len() {
        let whole = cut / JOURNAL_RECORD_BYTES * JOURNAL_RECORD_BYTES;
        assert_eq!(replay(&records[..cut]), Ok(whole), "cut at {cut}");
    }
    let with_tail = |tail: &[u8]| replay(&[&records, tail].concat());
    let all = Ok(records.len());
    let empty = [0; JOURNAL_RECORD_BYTES];
    assert_eq!((with_tail(&[]), with_tail(&empty)), (all, all));
    // Zeros that more follows, and records of which a part is there, were written.
    assert_eq!(with_tail(&[0; JOURNAL_RECORD_BYTES + 1]), Err(Code::DamagedForest));
    assert_eq!(with_tail(&[0; 2 * JOURNAL_RECORD_BYTES]), Err(Code::DamagedForest));
    for kept in 1..40 {
        let mut torn = empty;
        torn[..kept].copy_from_slice(&records[..kept]);
        assert_eq!(with_tail(&torn), Err(Code::DamagedForest), "{kept} bytes of it");
    }
}

/// An image with the bytes of a section changed and every checksum mended: damage that no checksum tells.
fn mended(image: &[u8], kind: u32, change: impl Fn(&mut [u8])) -> Vec<u8> {
    let mut image = image.to_vec();
    let word = |image: &[u8], at: usize| u32::from_le_bytes(image[at..at + 4].try_into().unwrap());
    let wide = |image: &[u8], at: usize| {
        usize::try_from(u64::from_le_bytes(image[at..at + 8].try_into().unwrap())).unwrap()
    };
    let sections = usize::try_from(word(&image, 56)).unwrap();
    let table = 64..64 + 32 * sections;
    let entry = table.clone().step_by(32).find(|entry| word(&image, *entry) == kind).unwrap();
    let width = usize::try_from(word(&image, entry + 4)).unwrap();
    let (offset, count) = (wide(&image, entry + 8), wide(&image, entry + 16));
    let section = &mut image[offset..offset + width * count];
    change(section);
    let checksum = crc32fast::hash(section);
    image[entry + 24..entry + 28].copy_from_slice(&checksum.to_le_bytes());
    image[60..64].fill(0);
    let checksum = crc32fast::hash(&image[..table.end]);
    image[60..64].copy_from_slice(&checksum.to_le_bytes());
    image
}

/// Each of these would be read astray or past its end, and their checksums are right.
#[test]
fn parts_that_contradict_each_other_are_told() {
    const IDS: u32 = 2;
    const TEXT_ENDS: u32 = 13;
    let mut forest = Forest::from_edges(&[2, 1, 3], &[0, 2, 1]).unwrap();
    forest.set_texts(["a", "bcd", "e"]).unwrap();
    let image = forest.to_image();
    let put = |at: usize, value: u64| {
        move |section: &mut [u8]| section[8 * at..8 * (at + 1)].copy_from_slice(&value.to_le_bytes())
    };
    let code = |kind, at, value| open(&mended(&image, kind, put(at, value))).err().map(|error| error.code());
    // As they are: the ids of nobody and three, and where three texts end.
    assert_eq!((code(IDS, 3, 3), code(TEXT_ENDS, 1, 4)), (None, None));
    // A text that ends before it begins, though all of them end where they should.
    assert_eq!(code(TEXT_ENDS, 0, 5), Some(Code::DamagedForest));
    assert_eq!(code(TEXT_ENDS, 1, 0), Some(Code::DamagedForest));
    assert_eq!(code(TEXT_ENDS, 2, 4), Some(Code::DamagedForest));
    // Those of texts count 1, 2, 3 … to the last of them.
    assert_eq!(code(IDS, 3, 4), Some(Code::DamagedForest));
    assert_eq!(code(IDS, 1, 1 << 40), Some(Code::DamagedForest));
}
