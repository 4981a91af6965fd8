//! Members whose ids are texts: the text of each handle, and the handle of each text. Inside, such a forest
//! counts its members 1, 2, 3 … as any other does.

use super::forest::{Forest, MemberIx};
use super::shelf::Shelf;
use crate::error::{Code, Error, Result};
use crate::id::ExternalId;
use crate::time::Timestamp;

/// Texts one behind the other, and an open-addressing table over them: both lie in a file as in memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    /// Where the text of each member ends.
    pub(super) ends: Shelf<u64>,
    pub(super) bytes: Shelf<u8>,
    /// Handles by hash of the text, 0 for an empty place.
    pub(super) places: Shelf<u32>,
}

impl Texts {
    fn of(&self, member: MemberIx) -> Option<&str> {
        let at = member.index().checked_sub(1)?;
        let offset = |at: usize| self.ends.get(at).and_then(|end| usize::try_from(*end).ok());
        let start = at.checked_sub(1).map_or(Some(0), offset)?;
        self.bytes.get(start..offset(at)?).and_then(|text| std::str::from_utf8(text).ok())
    }

    /// The handle a text came with. The walk ends after one round, whatever a file holds.
    fn slot(&self, text: &str) -> Option<MemberIx> {
        let mask = self.places.len().checked_sub(1)?;
        let first = self.place(text);
        let handles = (0..self.places.len()).map(|step| MemberIx::new(self.places[(first + step) & mask]));
        handles.take_while(|ix| *ix != MemberIx::NOBODY).find(|ix| self.of(*ix) == Some(text))
    }

    fn push(&mut self, text: &str) {
        self.bytes.to_mut().extend_from_slice(text.as_bytes());
        let end = u64::try_from(self.bytes.len()).unwrap_or(u64::MAX);
        self.ends.to_mut().push(end);
        let count = self.ends.len();
        if self.places.len() >= 2 * (count + 1) {
            self.insert(count);
            return;
        }
        self.places = vec![0; (4 * (count + 1)).next_power_of_two().max(16)].into();
        (1..=count).for_each(|number| self.insert(number));
    }

    fn insert(&mut self, number: usize) {
        let handle = u32::try_from(number).unwrap_or(u32::MAX);
        let Some(mut place) = self.of(MemberIx::new(handle)).map(|text| self.place(text)) else { return };
        let places = self.places.to_mut();
        while places[place] != 0 {
            place = (place + 1) & (places.len() - 1);
        }
        places[place] = handle;
    }

    /// FNV-1a, folded to the size of the table by its high bits.
    fn place(&self, text: &str) -> usize {
        let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        let hash = text.bytes().fold(0xCBF2_9CE4_8422_2325, step).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        usize::try_from(hash >> (64 - self.places.len().trailing_zeros())).unwrap_or(0)
    }

    /// Whether the parts agree, for so many members.
    pub(super) fn fits(&self, members: usize) -> bool {
        let whole = u64::try_from(self.bytes.len()).unwrap_or(u64::MAX);
        let last = u32::try_from(members).unwrap_or(u32::MAX);
        if self.ends.is_empty() {
            return self.bytes.is_empty() && self.places.is_empty();
        }
        self.ends.len() == members
            && self.ends.is_sorted()
            && self.ends.last() == Some(&whole)
            && self.places.len().is_power_of_two()
            && self.places.len() > members
            && self.places.iter().all(|handle| *handle <= last)
    }
}

impl Forest {
    /// Gives each member a text as their id, in join order; the numbers of such a forest are 1, 2, 3 … in any
    /// order.
    ///
    /// ```
    /// use fenrun::reward::referral::Forest;
    /// let mut forest = Forest::from_edges(&[1, 2], &[0, 1])?;
    /// forest.set_texts(["甲", "乙"])?;
    /// let third = forest.join_text("丙", Some("乙"), None)?;
    /// let upline: Vec<_> = forest.upline(third, None).filter_map(|ix| forest.text(ix)).collect();
    /// assert_eq!(upline, ["乙", "甲"]);
    /// assert_eq!(forest.find_text("丙"), Some(third));
    /// # Ok::<(), fenrun::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Code::LengthMismatch`]; [`Code::DuplicateMember`] and [`Code::InvalidId`] with the index of the text;
    /// [`Code::InvalidId`] for a forest with other numbers.
    pub fn set_texts<'a>(&mut self, texts: impl IntoIterator<Item = &'a str>) -> Result<()> {
        let last = u64::try_from(self.len()).unwrap_or(u64::MAX);
        if let Some(id) = self.members().map(|ix| self.id(ix)).find(|id| *id > last) {
            let rule = format!("member {id}: a forest of texts counts its {last} members from 1");
            return Err(Error::new(Code::InvalidId, rule));
        }
        let mut named = Texts::default();
        for (at, text) in texts.into_iter().enumerate() {
            let id = ExternalId::new(text).map_err(|error| error.at(at))?;
            if named.slot(id.as_str()).is_some() {
                return Err(known(text).at(at));
            }
            named.push(id.as_str());
        }
        self.check_length("texts", named.ends.len())?;
        self.texts = named;
        Ok(())
    }

    /// Whether the ids of the members are texts.
    #[must_use]
    pub fn has_texts(&self) -> bool {
        !self.texts.ends.is_empty()
    }

    /// The text a member has as their id; `None` in a forest of numbers.
    #[must_use]
    pub fn text(&self, member: MemberIx) -> Option<&str> {
        self.texts.of(member)
    }

    /// The handle of a text; that of the account it was merged into, if it was.
    #[must_use]
    pub fn find_text(&self, text: &str) -> Option<MemberIx> {
        self.texts.slot(text).and_then(|ix| self.find(self.id(ix)))
    }

    /// The id of a member as the host writes it, text or number; empty for nobody.
    #[must_use]
    pub fn name(&self, member: MemberIx) -> String {
        match (self.text(member), self.id(member)) {
            (Some(text), _) => text.to_owned(),
            (None, 0) => String::new(),
            (None, id) => id.to_string(),
        }
    }

    /// The handle of an id as the host writes it, text or number.
    ///
    /// # Errors
    /// [`Code::UnknownMember`].
    pub fn named(&self, name: &str) -> Result<MemberIx> {
        let found = match self.has_texts() {
            true => self.find_text(name),
            false => name.parse().ok().and_then(|id| self.find(id)),
        };
        found.ok_or_else(|| Error::new(Code::UnknownMember, format!("member {name} is not in the forest")))
    }

    /// A new member with a text as their id, invited by a member or by nobody; also the first member of a forest
    /// without any.
    ///
    /// # Errors
    /// As [`Forest::join`]; [`Code::InvalidId`] for a forest of numbers.
    pub fn join_text(
        &mut self,
        text: &str,
        inviter: Option<&str>,
        from: Option<Timestamp>,
    ) -> Result<MemberIx> {
        if inviter == Some(text) {
            let error = format!("member {text} is named as their own upline");
            return Err(Error::new(Code::SelfReferral, error));
        }
        let inviter = inviter.map(|name| self.named(name)).transpose()?;
        self.join_below(&ExternalId::new(text)?, inviter, from)
    }

    pub(super) fn join_below(
        &mut self,
        text: &ExternalId,
        inviter: Option<MemberIx>,
        from: Option<Timestamp>,
    ) -> Result<MemberIx> {
        if !self.is_empty() && !self.has_texts() {
            let error = format!("member {text}: the members of this forest have numbers as ids");
            return Err(Error::new(Code::InvalidId, error));
        }
        if self.texts.slot(text.as_str()).is_some() {
            return Err(known(text.as_str()));
        }
        if let Some(ix) = inviter.filter(|ix| self.is_closed(*ix)) {
            let error = format!("the account of member {} was closed", self.name(ix));
            return Err(Error::new(Code::ClosedMember, error));
        }
        let number = u64::try_from(self.len() + 1).unwrap_or(u64::MAX);
        let ix = self.enter(number, inviter.map(|ix| self.id(ix)), from)?;
        self.texts.push(text.as_str());
        Ok(ix)
    }
}

fn known(text: &str) -> Error {
    Error::new(Code::DuplicateMember, format!("member {text} is in the forest already"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_found_and_no_other() {
        let numbers: Vec<u64> = (1..=3000).collect();
        let mut forest = Forest::from_edges(&numbers, &vec![0; 3000]).unwrap();
        let texts: Vec<String> = numbers.iter().map(|number| format!("会员-{}", number * number)).collect();
        forest.set_texts(texts.iter().map(String::as_str)).unwrap();
        for text in &texts {
            let ix = forest.find_text(text).unwrap();
            assert_eq!((forest.text(ix), forest.name(ix)), (Some(text.as_str()), text.clone()));
        }
        for strange in ["", "0", "1", "会员-", "会员-2", "会员-1 "] {
            assert_eq!(forest.find_text(strange), None);
            assert_eq!(forest.named(strange).unwrap_err().code(), Code::UnknownMember);
        }
    }

    #[test]
    fn what_is_no_forest_of_texts_is_refused() {
        let code = |result: Result<()>| result.map_err(|error| (error.code(), error.index()));
        let mut forest = Forest::from_edges(&[2, 1], &[1, 0]).unwrap();
        assert_eq!(code(forest.set_texts(["a"])), Err((Code::LengthMismatch, None)));
        assert_eq!(code(forest.set_texts(["a", "a"])), Err((Code::DuplicateMember, Some(1))));
        assert_eq!(code(forest.set_texts(["a", " b"])), Err((Code::InvalidId, Some(1))));
        assert!(!forest.has_texts());
        // In join order: 1 stands before 2.
        forest.set_texts(["a", "b"]).unwrap();
        assert_eq!((forest.named("b").map(|ix| forest.id(ix)), forest.find_text("c")), (Ok(2), None));
        assert_eq!(code(forest.join(3, None, None).map(drop)), Err((Code::InvalidId, None)));
        let join = |forest: &mut Forest, text, inviter| forest.join_text(text, inviter, None).map(drop);
        for (text, inviter, wanted) in [
            ("a", None, Code::DuplicateMember),
            ("c", Some("c"), Code::SelfReferral),
            ("c", Some("d"), Code::UnknownMember),
            ("", None, Code::InvalidId),
        ] {
            assert_eq!(code(join(&mut forest, text, inviter)), Err((wanted, None)), "{text}");
        }
        forest.merge(1, 2, None).unwrap();
        assert_eq!(forest.find_text("b"), forest.find_text("a"));
        join(&mut forest, "c", Some("b")).unwrap();
        assert_eq!(forest.person(MemberIx::new(3)).id.as_str(), "c");
        let mut numbers = Forest::from_edges(&[7], &[0]).unwrap();
        assert_eq!(code(numbers.set_texts(["a"])), Err((Code::InvalidId, None)));
        assert_eq!(code(join(&mut numbers, "a", None)), Err((Code::InvalidId, None)));
        join(&mut Forest::new(), "a", None).unwrap();
    }
}
