//! The bytes of a forest.

use super::layout::{ALIGN, CHECKSUM_AT, ENTRY_BYTES, FORMAT, IMAGE_HEADER_BYTES, MAGIC, ORDER_MARK, kind};
use crate::doc::Node;
use crate::reward::referral::columns::Column;
use crate::reward::referral::edges::ALWAYS;
use crate::reward::referral::forest::Forest;

/// The bytes of one section, and of one value of it.
type Piece = (u32, usize, Vec<u8>);

impl Forest {
    /// The forest as the bytes of a file, for [`Forest::from_image`]. Tracked volumes are not among them:
    /// whoever opens it tracks what they need.
    #[must_use]
    pub fn to_image(&self) -> Vec<u8> {
        self.to_numbered_image(0, 0)
    }

    /// The bytes of [`Forest::to_image`] as one of several saves: one that follows on another takes
    /// [`Stamp::next_save`](super::Stamp::next_save) of it or a later number, so that those who hold that one see
    /// that it was replaced, also by the same members. Where the one before is not known, a `salt` by chance or by
    /// the clock makes the checksum another one.
    #[must_use]
    pub fn to_numbered_image(&self, save: u32, salt: u32) -> Vec<u8> {
        let mut pieces = self.structure();
        pieces.extend(self.people());
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&ORDER_MARK.to_le_bytes());
        let table = IMAGE_HEADER_BYTES + pieces.len() * ENTRY_BYTES;
        let mut end = table.next_multiple_of(ALIGN);
        let offsets: Vec<usize> = pieces
            .iter()
            .map(|(_, _, piece)| {
                let offset = end;
                end = (end + piece.len()).next_multiple_of(ALIGN);
                offset
            })
            .collect();
        for number in [wide(end), wide(self.len()), self.version] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&self.edges.last.unwrap_or(ALWAYS).ms().to_le_bytes());
        for number in [narrow(self.turned), save, narrow(pieces.len())] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(&[0; 4]);
        let salts = std::iter::once(salt).chain(std::iter::repeat(0));
        for (((kind, width, piece), offset), salt) in pieces.iter().zip(&offsets).zip(salts) {
            bytes.extend_from_slice(&kind.to_le_bytes());
            bytes.extend_from_slice(&narrow(*width).to_le_bytes());
            bytes.extend_from_slice(&wide(*offset).to_le_bytes());
            bytes.extend_from_slice(&wide(piece.len() / width).to_le_bytes());
            bytes.extend_from_slice(&crc32fast::hash(piece).to_le_bytes());
            bytes.extend_from_slice(&salt.to_le_bytes());
        }
        let checksum = crc32fast::hash(&bytes);
        bytes[CHECKSUM_AT..CHECKSUM_AT + 4].copy_from_slice(&checksum.to_le_bytes());
        for ((_, _, piece), offset) in pieces.iter().zip(offsets) {
            bytes.resize(offset, 0);
            bytes.extend_from_slice(piece);
        }
        bytes.resize(end, 0);
        bytes
    }

    fn structure(&self) -> Vec<Piece> {
        let edges = self.edges.all();
        let mut ends = Vec::with_capacity(edges.len());
        let (mut times, mut parents) = (Vec::new(), Vec::new());
        for edges in edges.values() {
            times.extend(edges.iter().map(|(from, _)| from.ms()));
            parents.extend(edges.iter().map(|(_, parent)| *parent));
            ends.push(narrow(times.len()));
        }
        let merged: Vec<u32> = self.ids.aliases.iter().flat_map(|(gone, into)| [*gone, *into]).collect();
        let closed: Vec<u32> = self.closed.iter().copied().collect();
        let movers: Vec<u32> = edges.keys().copied().collect();
        vec![
            words(kind::PARENTS, &self.parents),
            longs(kind::IDS, &self.ids.external),
            words(kind::PLACES, &self.ids.table.places),
            (kind::BEYOND, 4, handles(self.ids.table.beyond.values())),
            longs(kind::MOVED, &self.edges.moved),
            words(kind::EDGE_MEMBERS, &movers),
            words(kind::EDGE_ENDS, &ends),
            (kind::EDGE_TIMES, 8, times.iter().flat_map(|ms: &i64| ms.to_le_bytes()).collect()),
            words(kind::EDGE_PARENTS, &parents),
            words(kind::MERGED, &merged),
            words(kind::CLOSED, &closed),
            longs(kind::TEXT_ENDS, &self.texts.ends),
            (kind::TEXT_BYTES, 1, self.texts.bytes.to_vec()),
            words(kind::TEXT_PLACES, &self.texts.table.places),
            (kind::TEXT_BEYOND, 4, handles(self.texts.table.beyond.values())),
        ]
    }

    /// Ranks and facts.
    fn people(&self) -> Vec<Piece> {
        let mut pieces = vec![(kind::RANKS, 1, self.ranks.to_vec())];
        let mut facts = Vec::new();
        for (number, (name, column)) in (kind::FACTS..).zip(&self.columns) {
            let (word, words_of) = match column {
                Column::Flag(flags) => {
                    pieces.push((number, 1, flags.iter().map(|flag| u8::from(*flag)).collect()));
                    ("flag", Vec::new())
                }
                Column::Int(values) => {
                    pieces.push((number, 8, values.iter().flat_map(|value| value.to_le_bytes()).collect()));
                    ("int", Vec::new())
                }
                Column::Text { codes, words: listed } => {
                    pieces.push(words(number, codes));
                    ("text", listed.clone())
                }
            };
            let words_of = words_of.into_iter().map(Node::from).collect();
            facts.push(Node::map([
                ("name", Node::from(name.as_str())),
                ("type", word.into()),
                ("words", Node::List(words_of)),
            ]));
        }
        let ranks = self.rank_names.iter().map(|name| Node::from(name.as_str())).collect();
        let names = Node::map([("ranks", Node::List(ranks)), ("facts", Node::List(facts))]);
        pieces.push((kind::NAMES, 1, names.to_json().into_bytes()));
        pieces
    }
}

fn words(kind: u32, values: &[u32]) -> Piece {
    (kind, 4, handles(values))
}

fn handles<'a>(values: impl IntoIterator<Item = &'a u32>) -> Vec<u8> {
    values.into_iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn longs(kind: u32, values: &[u64]) -> Piece {
    (kind, 8, values.iter().flat_map(|value| value.to_le_bytes()).collect())
}

fn wide(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
