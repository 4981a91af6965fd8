//! Members in the order that ties and lists go by.

use crate::id::MemberId;

/// A member under their id. Numbers stand in the order of their size, behind all texts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Who {
    /// 0 for a text.
    number: u64,
    pub(super) id: MemberId,
}

impl Who {
    pub(super) fn new(id: MemberId) -> Self {
        // `007` is a text: no number is written so.
        let number = id.as_str().parse().ok().filter(|number| MemberId::from(*number) == id);
        Self { number: number.unwrap_or(0), id }
    }
}

#[cfg(test)]
mod tests {
    use super::{MemberId, Who};

    #[test]
    fn numbers_stand_by_size_and_texts_before_them() {
        let sorted = ["007", "u-1", "甲", "2", "10", "9223372036854775807"];
        let mut who: Vec<_> = sorted.iter().rev().map(|id| Who::new(MemberId::new(id).unwrap())).collect();
        who.sort();
        assert_eq!(who.iter().map(|who| who.id.as_str()).collect::<Vec<_>>(), sorted);
    }
}
