//! A forest whose columns stand in the order of the caller's rows.

use crate::teams::Teams;
use fenrun::doc::Node;
use fenrun::reward::referral::{Column, Forest, ForestChange, MemberIx, Order};
use fenrun::time::Timestamp;
use fenrun::{Code, Error, Result};
use fenrun_mem::ForestFile;
use std::path::Path;
use std::sync::Arc;

/// A forest and the handle of each row it was made from.
///
/// Rows of a batch keep the forest they were settled over, and a change made while they live copies it first.
#[derive(Debug)]
pub struct RowForest {
    forest: Arc<Forest>,
    /// The handle of each row; `None` while they are 1, 2, 3 …, which they are unless a member stood above
    /// their inviter.
    rows: Option<Arc<Vec<MemberIx>>>,
    /// Where it was opened from: changes go into its journal.
    file: Option<ForestFile>,
}

impl RowForest {
    /// Builds the forest; an inviter of 0 is nobody.
    ///
    /// # Errors
    /// As [`Forest::from_edges`].
    pub fn new(members: &[u64], inviters: &[u64]) -> Result<Self> {
        let forest = Forest::from_edges(members, inviters)?;
        Self::of_rows(forest, members)
    }

    /// Builds a forest of texts; an inviter that is empty or `0` is nobody. Its numbers are the rows, from 1.
    ///
    /// # Errors
    /// As [`Forest::from_texts`].
    pub fn of_texts(members: &[&str], inviters: &[&str]) -> Result<Self> {
        let forest = Forest::from_texts(members, inviters)?;
        Self::of_rows(forest, &(1..).take(members.len()).collect::<Vec<u64>>())
    }

    fn of_rows(forest: Forest, members: &[u64]) -> Result<Self> {
        let in_order = members.iter().zip(1..).all(|(id, number)| forest.id(MemberIx::new(number)) == *id);
        let rows = if in_order { None } else { Some(Arc::new(forest.resolve(members)?)) };
        Ok(Self { forest: Arc::new(forest), rows, file: None })
    }

    /// Maps a saved forest; its columns stand in join order.
    ///
    /// # Errors
    /// As [`ForestFile::open`].
    pub fn open(path: &str) -> Result<Self> {
        let (forest, file) = ForestFile::open(Path::new(path))?;
        Ok(Self { forest: Arc::new(forest), rows: None, file: Some(file) })
    }

    /// Saves the forest as one file. It goes on in memory: what is to follow the file is opened from it.
    ///
    /// # Errors
    /// [`Code::File`], [`Code::ForestLocked`]; [`Code::StaleForest`] over the file it was opened from, when that
    /// or its journal holds what the forest has not.
    pub fn save(&self, path: &str) -> Result<()> {
        match &self.file {
            Some(file) if file.is_at(Path::new(path)) => file.clone().save_again(&self.forest),
            _ => ForestFile::save(&self.forest, Path::new(path)).map(drop),
        }
    }

    /// Makes the changes that other processes put into the journal since, and says whether there were any.
    ///
    /// # Errors
    /// As [`ForestFile::catch_up`]; [`Code::InvalidArgument`] for a forest that was not opened from a file.
    pub fn catch_up(&mut self) -> Result<bool> {
        let file = self.file.as_mut().ok_or_else(no_file)?;
        file.catch_up(Arc::make_mut(&mut self.forest))
    }

    /// Whether the forest was saved anew since it was opened.
    ///
    /// # Errors
    /// As [`ForestFile::is_stale`]; [`Code::InvalidArgument`] for a forest that was not opened from a file.
    pub fn is_stale(&self) -> Result<bool> {
        self.file.as_ref().ok_or_else(no_file)?.is_stale()
    }

    fn change(&mut self, change: &ForestChange, from: Option<Timestamp>) -> Result<()> {
        let forest = Arc::make_mut(&mut self.forest);
        match &mut self.file {
            Some(file) => file.append(forest, change, from),
            None => forest.apply(change, from),
        }
    }

    /// The forest.
    #[must_use]
    #[inline]
    pub fn forest(&self) -> &Forest {
        &self.forest
    }

    /// The forest as it stands: shared until it changes, which copies it then.
    #[must_use]
    #[inline]
    pub fn snapshot(&self) -> Arc<Forest> {
        Arc::clone(&self.forest)
    }

    /// All members, in the order of the columns.
    pub fn members(&self) -> impl Iterator<Item = u64> {
        let rows = self.rows.as_ref().map(|rows| rows.iter().copied());
        let joined = self.rows.is_none().then(|| self.forest.members());
        let members = rows.into_iter().flatten().chain(joined.into_iter().flatten());
        members.map(|ix| self.forest.id(ix))
    }

    /// A new member below a member, or below nobody when the inviter is 0.
    ///
    /// # Errors
    /// As [`Forest::join`].
    pub fn join(&mut self, member: u64, inviter: u64) -> Result<()> {
        let inviter = Some(inviter).filter(|id| *id != 0);
        self.change(&ForestChange::Join { member, inviter }, None)?;
        if let (Some(rows), Some(ix)) = (&mut self.rows, self.forest.find(member)) {
            Arc::make_mut(rows).push(ix);
        }
        Ok(())
    }

    /// Makes a change given as a document, see [`ForestChange::read`].
    ///
    /// # Errors
    /// Those of the document, and of the change.
    pub fn change_by(&mut self, change: &Node) -> Result<()> {
        if let Some(file) = &mut self.file {
            // Its ids may have come into the journal since.
            file.catch_up(Arc::make_mut(&mut self.forest))?;
        }
        let (change, from) = ForestChange::read(&self.forest, change)?;
        let before = self.forest.len();
        self.change(&change, from)?;
        let joined = self.forest.members().nth(before);
        if let (Some(rows), Some(ix)) = (&mut self.rows, joined) {
            Arc::make_mut(rows).push(ix);
        }
        Ok(())
    }

    /// What the forest calls a member under an id as the host writes it, text or number.
    ///
    /// # Errors
    /// [`Code::UnknownMember`].
    pub fn find(&self, name: &str) -> Result<u64> {
        self.forest.named(name).map(|ix| self.forest.id(ix))
    }

    /// What the forest calls many members under their ids as the host writes them. An account that was merged into
    /// another one has a number of its own here: whoever takes it knows when it is which.
    ///
    /// # Errors
    /// [`Code::UnknownMember`] with the index of the first id that is not here.
    pub fn find_all(&self, names: &[&str]) -> Result<Vec<u64>> {
        let find = |(at, name): (usize, &&str)| self.own_number(name).map_err(|error| error.at(at));
        names.iter().enumerate().map(find).collect()
    }

    fn own_number(&self, name: &str) -> Result<u64> {
        let ix = self.forest.account_named(name)?;
        Ok(self.forest.id(ix))
    }

    /// The id of a member as the host writes it.
    ///
    /// # Errors
    /// [`Code::UnknownMember`].
    pub fn name(&self, member: u64) -> Result<String> {
        Ok(self.forest.name(self.forest.account(member).ok_or_else(|| unknown(member))?))
    }

    /// Gives an upline to a member who has none.
    ///
    /// # Errors
    /// As [`Forest::bind`].
    pub fn bind(&mut self, member: u64, inviter: u64) -> Result<()> {
        self.change(&ForestChange::Bind { member, inviter }, None)
    }

    /// The handle of a member.
    ///
    /// # Errors
    /// [`Code::UnknownMember`].
    #[inline]
    pub fn handle(&self, member: u64) -> Result<MemberIx> {
        self.forest.find(member).ok_or_else(|| unknown(member).at(0))
    }

    /// The ancestors of a member, nearest first.
    ///
    /// # Errors
    /// [`Code::UnknownMember`].
    #[inline]
    pub fn upline(&self, member: u64) -> Result<impl Iterator<Item = u64>> {
        let ix = self.handle(member)?;
        Ok(self.forest.upline(ix, None).map(|up| self.forest.id(up)))
    }

    /// The ancestors that a member had at a moment, nearest first: those of the account the id named then.
    ///
    /// # Errors
    /// [`Code::UnknownMember`].
    pub fn upline_at(&self, member: u64, at: Timestamp) -> Result<impl Iterator<Item = u64>> {
        let ix = self.forest.find_at(member, at).ok_or_else(|| unknown(member))?;
        Ok(self.forest.upline(ix, Some(at)).map(|up| self.forest.id(up)))
    }

    /// Who was directly above the account a member came with, and from when on, oldest first; see
    /// [`Forest::history`].
    ///
    /// # Errors
    /// [`Code::UnknownMember`].
    pub fn history(&self, member: u64) -> Result<Vec<(Option<Timestamp>, u64)>> {
        let ix = self.forest.account(member).ok_or_else(|| unknown(member))?;
        let edges = self.forest.history(ix).into_iter();
        Ok(edges.map(|(from, inviter)| (from, self.forest.id(inviter))).collect())
    }

    /// The teams as they stand.
    #[must_use]
    pub fn teams(&self) -> Teams {
        Teams::of(self.snapshot())
    }

    /// What each member and everybody below them have together, both in the order of the columns.
    ///
    /// # Errors
    /// [`Code::LengthMismatch`]; [`Code::Overflow`] for a sum that does not fit.
    pub fn team_volumes(&self, own: &[i64]) -> Result<Vec<i64>> {
        let own = self.in_join_order("own", own)?;
        let sums = Order::of(&self.forest).sums(&self.forest, &own)?;
        let Some(rows) = &self.rows else { return Ok(sums) };
        Ok(rows.iter().map(|ix| sums[ix.index() - 1]).collect())
    }

    /// Sets a fact that is true or false, 1 or 0 a row.
    ///
    /// # Errors
    /// [`Code::LengthMismatch`]; [`Code::InvalidValue`] with the index of a value that is neither.
    pub fn set_flags(&mut self, name: &str, values: &[u8]) -> Result<()> {
        let ordered = self.in_join_order(name, values)?;
        if let Some(at) = values.iter().position(|value| *value > 1) {
            let message = format!("the flag `{name}` is {}; 0 or 1", values[at]);
            return Err(Error::new(Code::InvalidValue, message).at(at));
        }
        let flags = ordered.iter().map(|value| *value == 1).collect();
        Arc::make_mut(&mut self.forest).set_fact(name, Column::Flag(flags))
    }

    /// Sets a fact that is a whole number.
    ///
    /// # Errors
    /// [`Code::LengthMismatch`].
    pub fn set_numbers(&mut self, name: &str, values: &[i64]) -> Result<()> {
        let values = self.in_join_order(name, values)?;
        Arc::make_mut(&mut self.forest).set_fact(name, Column::Int(values))
    }

    /// Sets a fact that is text: the place of each row's word in a list of words, from 0.
    ///
    /// # Errors
    /// [`Code::LengthMismatch`]; [`Code::InvalidValue`] with the index of a code without a word.
    pub fn set_texts(&mut self, name: &str, codes: &[u32], words: Vec<String>) -> Result<()> {
        let ordered = self.in_join_order(name, codes)?;
        let known = |code: &u32| usize::try_from(*code).is_ok_and(|code| code < words.len());
        if let Some(at) = codes.iter().position(|code| !known(code)) {
            let message = format!("code {} of `{name}` has no word; there are {}", codes[at], words.len());
            return Err(Error::new(Code::InvalidValue, message).at(at));
        }
        Arc::make_mut(&mut self.forest).set_fact(name, Column::Text { codes: ordered, words })
    }

    /// Sets the ranks: 0 for none, else the place in `names` from 1.
    ///
    /// # Errors
    /// As [`Forest::set_ranks`].
    pub fn set_ranks(&mut self, names: &[String], codes: &[u8]) -> Result<()> {
        let ordered = self.in_join_order("rank", codes)?;
        // Refused here, where the index is the caller's row.
        if let Some(at) = codes.iter().position(|code| usize::from(*code) > names.len()) {
            let message = format!("rank code {} has no name; there are {}", codes[at], names.len());
            return Err(Error::new(Code::InvalidValue, message).at(at));
        }
        Arc::make_mut(&mut self.forest).set_ranks(names, ordered)
    }

    /// Values of rows as values of handles.
    fn in_join_order<T: Copy + Default>(&self, name: &str, values: &[T]) -> Result<Vec<T>> {
        if values.len() != self.forest.len() {
            let message =
                format!("column `{name}`: {} values for {} members", values.len(), self.forest.len());
            return Err(Error::new(Code::LengthMismatch, message));
        }
        let Some(rows) = &self.rows else { return Ok(values.to_vec()) };
        let mut ordered = vec![T::default(); values.len()];
        for (ix, value) in rows.iter().zip(values) {
            ordered[ix.index() - 1] = *value;
        }
        Ok(ordered)
    }
}

/// The ids of many members as the host writes them, nothing for 0: one behind the other, and where each ends.
///
/// # Errors
/// [`Code::UnknownMember`] with the index of the first number that is not here.
pub fn names(forest: &Forest, members: &[u64]) -> Result<(String, Vec<u64>)> {
    let (mut texts, mut ends) = (String::new(), Vec::with_capacity(members.len()));
    for (at, member) in members.iter().enumerate() {
        if *member != 0 {
            let ix = forest.account(*member).ok_or_else(|| unknown(*member).at(at))?;
            match forest.text(ix) {
                Some(text) => texts.push_str(text),
                None => texts.push_str(&member.to_string()),
            }
        }
        ends.push(u64::try_from(texts.len()).unwrap_or(u64::MAX));
    }
    Ok((texts, ends))
}

#[cold]
fn unknown(member: u64) -> Error {
    Error::new(Code::UnknownMember, format!("member {member} is not in the forest"))
}

fn no_file() -> Error {
    Error::new(Code::InvalidArgument, "the forest was not opened from a file")
}

#[cfg(test)]
mod tests {
    use super::{RowForest, names};
    use fenrun::Code;
    use fenrun::doc::Node;
    use fenrun::time::Timestamp;

    fn upline(forest: &RowForest, member: u64, limit: usize) -> Vec<u64> {
        forest.upline(member).unwrap().take(limit).collect()
    }

    #[test]
    fn facts_follow_their_rows_even_when_a_member_stands_above_their_inviter() {
        let mut forest = RowForest::new(&[30, 20, 10], &[20, 10, 0]).unwrap();
        forest.set_flags("active", &[1, 0, 1]).unwrap();
        forest.set_numbers("orders", &[3, 2, 1]).unwrap();
        forest.set_texts("city", &[1, 0, 1], vec!["上海".into(), "Xi'an".into()]).unwrap();
        forest.set_ranks(&["V1".into(), "V2".into()], &[0, 1, 2]).unwrap();
        let known = |id, name| forest.forest().fact(forest.forest().find(id).unwrap(), name).unwrap();
        assert_eq!(known(20, "active"), Node::Bool(false));
        assert_eq!((known(30, "orders"), known(10, "orders")), (Node::Int(3), Node::Int(1)));
        assert_eq!(known(20, "city"), Node::from("上海"));
        let rank = |id| forest.forest().rank(forest.forest().find(id).unwrap());
        assert_eq!((rank(30), rank(20), rank(10)), (None, Some("V1"), Some("V2")));
        assert_eq!(upline(&forest, 30, 9), [20, 10]);
        assert_eq!(upline(&forest, 30, 1), [20]);
        forest.join(40, 30).unwrap();
        assert_eq!(forest.members().collect::<Vec<_>>(), [30, 20, 10, 40]);
        forest.set_numbers("orders", &[3, 2, 1, 4]).unwrap();
        assert_eq!(forest.forest().fact(forest.forest().find(40).unwrap(), "orders").unwrap(), Node::Int(4));
    }

    /// A worker that opened the file sees what another one put into its journal.
    #[test]
    fn an_opened_forest_follows_its_journal() {
        let path = std::env::temp_dir().join(format!("fenrun-capi-{}.forest", std::process::id()));
        let name = path.to_str().unwrap();
        let made = RowForest::new(&[30, 20, 10], &[20, 10, 0]).unwrap();
        made.save(name).unwrap();
        let (mut writer, mut reader) = (RowForest::open(name).unwrap(), RowForest::open(name).unwrap());
        writer.join(40, 30).unwrap();
        writer.join(50, 0).unwrap();
        writer.bind(50, 40).unwrap();
        assert_eq!(writer.bind(50, 10).unwrap_err().code(), Code::AlreadyBound);
        assert_eq!(reader.forest().len(), 3);
        assert!(reader.catch_up().unwrap() && !reader.catch_up().unwrap());
        assert_eq!(upline(&reader, 50, 9), [40, 30, 20, 10]);
        writer.join(60, 0).unwrap();
        // Nobody saves over what they have not seen.
        assert_eq!(reader.save(name).unwrap_err().code(), Code::StaleForest);
        writer.save(name).unwrap();
        assert!(reader.is_stale().unwrap());
        assert_eq!(reader.catch_up().unwrap_err().code(), Code::StaleForest);
        assert_eq!(RowForest::open(name).unwrap().members().collect::<Vec<_>>(), [10, 20, 30, 40, 50, 60]);
        assert_eq!(made.is_stale().unwrap_err().code(), Code::InvalidArgument);
        std::fs::remove_file(&path).unwrap();
        std::fs::remove_file(format!("{name}.journal")).unwrap();
        std::fs::remove_file(format!("{name}.lock")).unwrap();
        assert_eq!(RowForest::open(name).unwrap_err().code(), Code::File);
    }

    /// Every change with its date, under ids that are texts, in memory and in a file.
    #[test]
    fn changes_are_documents() {
        let path = std::env::temp_dir().join(format!("fenrun-capi-changes-{}.forest", std::process::id()));
        let name = path.to_str().unwrap();
        let change = |forest: &mut RowForest, json: &str| {
            let node = fenrun::doc::read_json(json, 1000).unwrap();
            forest.change_by(&node).map_err(|error| error.code())
        };
        let mut made = RowForest::new(&[], &[]).unwrap();
        assert_eq!(change(&mut made, r#"{"join": ["甲", null]}"#), Ok(()));
        made.save(name).unwrap();
        let (mut writer, mut other) = (RowForest::open(name).unwrap(), RowForest::open(name).unwrap());
        for forest in [&mut made, &mut writer] {
            assert_eq!(change(forest, r#"{"join": ["乙", "甲"], "from": 5}"#), Ok(()));
            assert_eq!(change(forest, r#"{"join": ["丙", null]}"#), Ok(()));
            assert_eq!(change(forest, r#"{"rebind": ["乙", "丙"], "from": 7}"#), Ok(()));
            assert_eq!(change(forest, r#"{"bind": ["甲", "乙"], "from": 7}"#), Ok(()));
            assert_eq!(change(forest, r#"{"close": "丙", "downline": "roll_up", "from": 8}"#), Ok(()));
            assert_eq!(change(forest, r#"{"join": ["丁", "丙"]}"#), Err(Code::ClosedMember));
            assert_eq!(change(forest, r#"{"rebind": ["乙", "戊"]}"#), Err(Code::UnknownMember));
            assert_eq!(change(forest, r#"{"join": ["乙", null]}"#), Err(Code::DuplicateMember));
            assert_eq!(change(forest, r#"{"leave": "乙"}"#), Err(Code::UnknownWord));
            assert_eq!(upline(forest, forest.find("甲").unwrap(), 9), [2]);
            assert_eq!(
                (forest.name(2).unwrap(), forest.find("戊").map_err(|e| e.code())),
                ("乙".into(), Err(Code::UnknownMember))
            );
        }
        // Who has not read the journal yet finds the ids in it.
        assert_eq!(change(&mut other, r#"{"join": ["丁", "乙"], "from": 9}"#), Ok(()));
        assert_eq!(upline(&other, 4, 9), [2]);
        for file in [name.to_owned(), format!("{name}.journal"), format!("{name}.lock")] {
            std::fs::remove_file(file).unwrap();
        }
    }

    /// In bulk an account that was merged keeps its number, which leads to who it is by now, and to whom it was.
    #[test]
    fn a_merged_account_keeps_its_number_in_bulk() {
        let mut forest = RowForest::of_texts(&["甲", "乙", "丙", "丁"], &["", "甲", "", "丙"]).unwrap();
        let merge = fenrun::doc::read_json(r#"{"merge": ["丁", "乙"], "from": 1000}"#, 100).unwrap();
        forest.change_by(&merge).unwrap();
        assert_eq!((forest.find("乙").unwrap(), forest.find_all(&["乙"]).unwrap()), (4, vec![2]));
        let then = |at| forest.upline_at(2, Timestamp::from_ms(at)).unwrap().collect::<Vec<_>>();
        assert_eq!((then(999), then(1000)), (vec![1], vec![3]));
        let moved = (Some(Timestamp::from_ms(1000)), 0);
        assert_eq!(forest.history(2).unwrap(), [(None, 1), moved]);
        assert_eq!(forest.history(4).unwrap(), [(None, 3)]);
        let unknown = [forest.history(9).map(drop), forest.upline_at(9, Timestamp::from_ms(0)).map(drop)];
        assert_eq!(unknown.map(|asked| asked.unwrap_err().code()), [Code::UnknownMember; 2]);
        assert_eq!(forest.upline(2).unwrap().collect::<Vec<_>>(), [3]);
        let settled = |moments: Option<&[i64]>| {
            let buyers = forest.forest().resolve_at(&[2], moments).unwrap();
            buyers.iter().map(|ix| forest.forest().id(*ix)).collect::<Vec<_>>()
        };
        assert_eq!(
            (settled(Some(&[999])), settled(Some(&[1000])), settled(None)),
            (vec![2], vec![4], vec![4])
        );
    }

    /// Numbers inside, texts outside, in bulk: the columns of a forest stand in the order of its rows.
    #[test]
    fn texts_come_and_go_in_bulk() {
        let mut forest = RowForest::of_texts(&["丙", "乙", "甲"], &["乙", "甲", ""]).unwrap();
        forest.set_numbers("orders", &[3, 2, 1]).unwrap();
        let orders = |id| forest.forest().fact(forest.forest().named(id).unwrap(), "orders");
        assert_eq!((orders("丙"), orders("甲")), (Some(Node::Int(3)), Some(Node::Int(1))));
        let numbers = forest.find_all(&["甲", "丙"]).unwrap();
        assert_eq!((upline(&forest, numbers[1], 9), numbers), (vec![2, 3], vec![3, 1]));
        assert_eq!(names(forest.forest(), &[2, 0, 1]).unwrap(), ("乙丙".into(), vec![3, 3, 6]));
        let fault = |error: fenrun::Error| (error.code(), error.index());
        assert_eq!(fault(forest.find_all(&["甲", "丁"]).unwrap_err()), (Code::UnknownMember, Some(1)));
        assert_eq!(fault(names(forest.forest(), &[1, 0, 4]).unwrap_err()), (Code::UnknownMember, Some(2)));
        let numbers = RowForest::new(&[70, 9], &[9, 0]).unwrap();
        assert_eq!(numbers.find_all(&["9", "70"]).unwrap(), [9, 70]);
        assert_eq!(names(numbers.forest(), &[70, 9, 0]).unwrap(), ("709".into(), vec![2, 3, 3]));
        assert_eq!(fault(numbers.find_all(&["甲"]).unwrap_err()), (Code::UnknownMember, Some(0)));
    }

    #[test]
    fn bad_columns_name_the_row_of_the_caller() {
        let mut forest = RowForest::new(&[2, 1], &[1, 0]).unwrap();
        let fault = |result: fenrun::Result<()>| result.map_err(|error| (error.code(), error.index()));
        assert_eq!(fault(forest.set_flags("f", &[1])), Err((Code::LengthMismatch, None)));
        assert_eq!(fault(forest.set_flags("f", &[0, 2])), Err((Code::InvalidValue, Some(1))));
        assert_eq!(
            fault(forest.set_texts("f", &[0, 1], vec!["x".into()])),
            Err((Code::InvalidValue, Some(1)))
        );
        assert_eq!(fault(forest.set_ranks(&[], &[1, 0])), Err((Code::InvalidValue, Some(0))));
    }

    #[test]
    fn names_that_mean_nothing_or_something_else_are_refused() {
        let mut forest = RowForest::new(&[2, 1], &[1, 0]).unwrap();
        for name in ["", "id", "rank"] {
            let errors = [
                forest.set_flags(name, &[0, 1]),
                forest.set_numbers(name, &[0, 1]),
                forest.set_texts(name, &[0, 0], vec!["x".into()]),
            ];
            for error in errors.map(Result::unwrap_err) {
                assert_eq!(error.code(), Code::InvalidValue);
                assert!(error.message().contains(&format!("`{name}`")), "{error}");
            }
        }
        for (names, said) in [(["A", "A"], "rank name 2 `A` stands twice"), (["A", ""], "rank name 2")] {
            let error = forest.set_ranks(&names.map(String::from), &[1, 0]).unwrap_err();
            assert!(error.code() == Code::InvalidValue && error.message().contains(said), "{error}");
        }
        assert!(forest.forest().rank_names().is_empty());
    }
}
