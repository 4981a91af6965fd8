//! Members whose ids are texts: the text of each handle, and the handle of each text. Inside, such a forest
//! counts its members 1, 2, 3 … as any other does.

use super::build::cycle;
use super::forest::{Forest, MemberIx, own_inviter, unknown};
use super::shelf::Shelf;
use super::table::{Table, mix};
use crate::error::{Code, Error, Result};
use crate::id::{ExternalId, number_of};
use crate::time::Timestamp;

/// Texts one behind the other, and a table over them: both lie in a file as in memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    /// Where the text of each member ends.
    pub(super) ends: Shelf<u64>,
    pub(super) bytes: Shelf<u8>,
    pub(super) table: Table<Box<str>>,
}

impl Texts {
    pub(super) fn of(&self, member: MemberIx) -> Option<&str> {
        text_of(&self.ends, &self.bytes, member.index())
    }

    /// The handle a text came with.
    fn slot(&self, text: &str) -> Option<MemberIx> {
        let same = |handle: u32| self.of(MemberIx::new(handle)) == Some(text);
        Some(MemberIx::new(self.table.find(text, hash(text), same))).filter(|ix| *ix != MemberIx::NOBODY)
    }

    /// Texts of rows from 1, each of which stands once.
    fn of_rows<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self> {
        let mut rows = Self::default();
        for (at, text) in texts.into_iter().enumerate() {
            let id = ExternalId::new(text.as_ref()).map_err(|error| error.at(at))?;
            if rows.slot(id.as_str()).is_some() {
                return Err(known(id.as_str()).at(at));
            }
            rows.push(id.as_str());
        }
        Ok(rows)
    }

    fn push(&mut self, text: &str) {
        self.bytes.to_mut().extend_from_slice(text.as_bytes());
        let end = u64::try_from(self.bytes.len()).unwrap_or(u64::MAX);
        self.ends.to_mut().push(end);
        let count = self.ends.len();
        match self.table.has_room(count) {
            true => self.insert(count),
            false => self.fill_anew(count),
        }
    }

    /// A table for so many texts, with all that are here.
    pub(super) fn fill_anew(&mut self, room: usize) {
        self.table.clear_for(room);
        (1..=self.ends.len()).for_each(|number| self.insert(number));
    }

    fn insert(&mut self, number: usize) {
        let handle = u32::try_from(number).unwrap_or(u32::MAX);
        let Some(hash) = self.of(MemberIx::new(handle)).map(hash) else { return };
        let Self { ends, bytes, table } = self;
        table.insert(handle, hash, || text_of(ends, bytes, number).unwrap_or_default().into());
    }

    /// Whether the parts agree, for so many members.
    pub(super) fn fits(&self, members: usize) -> bool {
        let whole = u64::try_from(self.bytes.len()).unwrap_or(u64::MAX);
        let last = u32::try_from(members).unwrap_or(u32::MAX);
        if self.ends.is_empty() {
            return self.bytes.is_empty() && self.table.is_empty();
        }
        self.ends.len() == members
            && self.ends.is_sorted()
            && self.ends.last() == Some(&whole)
            && !self.table.is_empty()
            && self.table.fits(last)
    }
}

/// The text of a member, of texts one behind the other.
fn text_of<'a>(ends: &[u64], bytes: &'a [u8], member: usize) -> Option<&'a str> {
    let at = member.checked_sub(1)?;
    let offset = |at: usize| ends.get(at).and_then(|end| usize::try_from(*end).ok());
    let start = at.checked_sub(1).map_or(Some(0), offset)?;
    bytes.get(start..offset(at)?).and_then(|text| std::str::from_utf8(text).ok())
}

/// FNV-1a, mixed.
fn hash(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    mix(text.bytes().fold(0xCBF2_9CE4_8422_2325, step))
}

impl Forest {
    /// Builds a forest of texts from two columns; an inviter that is empty or `0` is nobody. Rows may come in any
    /// order, and are the numbers of their members, from 1.
    ///
    /// ```
    /// use fenrun::reward::referral::Forest;
    /// let forest = Forest::from_texts(&["乙", "甲"], &["甲", ""])?;
    /// let upline: Vec<_> = forest.upline(forest.named("乙")?, None).map(|ix| forest.name(ix)).collect();
    /// assert_eq!(upline, ["甲"]);
    /// # Ok::<(), fenrun::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Forest::from_edges`], with the index of the row.
    pub fn from_texts(members: &[&str], inviters: &[&str]) -> Result<Self> {
        if members.len() != inviters.len() {
            let error = format!("{} members with {} inviters", members.len(), inviters.len());
            return Err(Error::new(Code::LengthMismatch, error));
        }
        let rows = Texts::of_rows(members)?;
        let number = |(at, inviter): (usize, &&str)| match (*inviter, rows.slot(inviter)) {
            ("" | "0", _) => Ok(0),
            (own, _) if own == members[at] => Err(own_inviter(own).at(at)),
            (_, Some(ix)) => Ok(u64::from(ix.get())),
            (strange, None) => Err(unknown(strange).at(at)),
        };
        let above = inviters.iter().enumerate().map(number).collect::<Result<Vec<u64>>>()?;
        let numbers: Vec<u64> = (1..).take(members.len()).collect();
        let mut forest = Self::from_edges(&numbers, &above).map_err(|error| match error.index() {
            Some(at) if error.code() == Code::Cycle => cycle(inviters[at], members[at]).at(at),
            _ => error,
        })?;
        forest.texts = match forest.ids_are_handles() {
            true => rows,
            false => {
                let row = |ix| usize::try_from(forest.id(ix) - 1).unwrap_or(usize::MAX);
                Texts::of_rows(forest.members().map(|ix| members[row(ix)]))?
            }
        };
        Ok(forest)
    }

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
        let named = Texts::of_rows(texts)?;
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
        let account = self.account_named(name)?;
        self.find(self.id(account)).ok_or_else(|| unknown(name))
    }

    /// The handle an id came with, as the host writes it, whether or not the account was merged since.
    ///
    /// # Errors
    /// [`Code::UnknownMember`].
    pub fn account_named(&self, name: &str) -> Result<MemberIx> {
        let found = match self.has_texts() {
            true => self.texts.slot(name),
            false => number_of(name).and_then(|id| self.account(id)),
        };
        found.ok_or_else(|| unknown(name))
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
            return Err(own_inviter(text));
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
    use super::super::table::REACH;
    use super::super::table::tests::looks;
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

    /// User names that somebody chose so that all of them ask for the first place of a table.
    #[test]
    fn texts_that_were_chosen_to_meet_are_no_burden() {
        let chosen = (0..).map(|at| format!("user-{at}")).filter(|text| hash(text) >> 54 == 0);
        let chosen: Vec<String> = chosen.take(800).collect();
        let mut named = Texts::default();
        let mut worst = 0;
        for text in &chosen {
            let before = named.table.places.len();
            let spent = looks(|| {
                assert_eq!(named.slot(text), None);
                named.push(text);
            });
            if named.table.places.len() == before {
                worst = worst.max(spent);
            }
        }
        assert_eq!((named.table.places.len(), named.table.beyond.len()), (1024, 800 - REACH));
        assert_eq!(worst, 2 * u64::try_from(REACH).unwrap());
        for (text, at) in chosen.iter().zip(1..) {
            assert_eq!(named.slot(text), Some(MemberIx::new(at)));
        }
        assert_eq!(named.slot("user"), None);
    }

    #[test]
    fn rows_of_texts_come_in_any_order() {
        let (members, inviters) = (["丙", "乙", "甲", "9"], ["乙", "甲", "", "丙"]);
        let forest = Forest::from_texts(&members, &inviters).unwrap();
        let upline = |text| {
            forest.upline(forest.find_text(text).unwrap(), None).map(|ix| forest.name(ix)).collect::<Vec<_>>()
        };
        assert_eq!((upline("9"), upline("甲")), (vec!["丙".into(), "乙".into(), "甲".into()], vec![]));
        for (row, member) in (1..).zip(members) {
            let ix = forest.find(row).unwrap();
            assert_eq!((forest.text(ix), forest.find_text(member)), (Some(member), Some(ix)));
        }
        let roots = Forest::from_texts(&["40", "30"], &["0", ""]).unwrap();
        assert!(roots.members().all(|ix| roots.upline(ix, None).next().is_none()));
        let fault = |members: &[&str], inviters: &[&str]| {
            let error = Forest::from_texts(members, inviters).unwrap_err();
            (error.code(), error.index(), error.message().to_owned())
        };
        let refused = [
            (&["a", "b", "c"][..], &["", "c", "b"][..], Code::Cycle, Some(2), "the inviter b of member c"),
            (&["a", "b"], &["", "b"], Code::SelfReferral, Some(1), "member b"),
            (&["a", "b"], &["", "x"], Code::UnknownMember, Some(1), "member x"),
            (&["a", "a"], &["", ""], Code::DuplicateMember, Some(1), "member a"),
            (&["a", ""], &["", ""], Code::InvalidId, Some(1), ""),
            (&["a"], &[], Code::LengthMismatch, None, "1 members with 0 inviters"),
        ];
        for (members, inviters, code, index, said) in refused {
            let (got, at, message) = fault(members, inviters);
            assert!((got, at) == (code, index) && message.contains(said), "{got:?} {at:?} {message}");
        }
        assert!(Forest::from_texts(&[], &[]).unwrap().is_empty());
    }

    /// What is refused names people as the host does, not by the numbers they have inside.
    #[test]
    fn errors_name_the_text() {
        let mut forest = Forest::from_texts(&["甲", "乙", "丙"], &["", "甲", "乙"]).unwrap();
        let refused = [
            (forest.clone().bind(2, 1, None), "member 乙 already has the upline 甲"),
            (forest.clone().rebind(1, 3, None), "丙 cannot be the upline of 甲"),
            (forest.clone().rebind(3, 3, None), "member 丙 is named as their own upline"),
            (forest.clone().merge(2, 2, None), "member 乙 is merged into themselves"),
            (forest.clone().rebind(9, 1, None), "member 9 is not in the forest"),
        ];
        for (result, said) in refused {
            let error = result.unwrap_err();
            assert!(error.message().contains(said), "{error}");
        }
        forest.close(3, super::super::Closing::Stay, None).unwrap();
        let error = forest.rebind(3, 1, None).unwrap_err();
        assert!(error.message().contains("the account of member 丙 was closed"), "{error}");
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
        forest.close(3, crate::reward::referral::Closing::Stay, None).unwrap();
        let closed = forest.join_text("d", Some("c"), None).unwrap_err();
        assert_eq!(
            (closed.code(), closed.message()),
            (Code::ClosedMember, "the account of member c was closed")
        );
        let mut numbers = Forest::from_edges(&[7], &[0]).unwrap();
        assert_eq!(code(numbers.set_texts(["a"])), Err((Code::InvalidId, None)));
        assert_eq!(code(join(&mut numbers, "a", None)), Err((Code::InvalidId, None)));
        join(&mut Forest::new(), "a", None).unwrap();
    }
}
