//! Changes of a forest as documents, with the ids of the host: numbers or texts.

use super::change::Closing;
use super::forest::Forest;
use super::image::ForestChange;
use crate::doc::{Fields, Node, Spot, invalid};
use crate::error::{Code, Error, Result};
use crate::id::ExternalId;
use crate::time::Timestamp;

/// What becomes of those below a closed account.
const DOWNLINES: [(&str, Closing); 2] = [("stay", Closing::Stay), ("roll_up", Closing::RollUp)];

impl ForestChange {
    /// Reads a change of a forest and the moment it counts from: `{"join": [member, inviter]}`, `bind`, `rebind`,
    /// `{"unbind": member}`, `{"merge": [kept, gone]}` or `{"close": member, "downline": "stay"}` (or
    /// `"roll_up"`), each with or without `from` in milliseconds. Ids are those of the host; who joins a forest of
    /// texts does so with one.
    ///
    /// ```
    /// use fenrun::doc::read_json;
    /// use fenrun::reward::referral::{Forest, ForestChange};
    /// let mut forest = Forest::from_edges(&[1, 2], &[0, 1])?;
    /// forest.set_texts(["甲", "乙"])?;
    /// let (change, from) = ForestChange::read(&forest, &read_json(r#"{"join": ["丙", "乙"]}"#, 100)?)?;
    /// forest.apply(&change, from)?;
    /// assert_eq!(forest.upline(forest.named("丙")?, None).count(), 2);
    /// # Ok::<(), fenrun::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Code::UnknownWord`] for a document that is none of these, [`Code::InvalidId`],
    /// [`Code::UnknownMember`] for a text nobody has.
    pub fn read(forest: &Forest, node: &Node) -> Result<(Self, Option<Timestamp>)> {
        let mut fields = Fields::new(node, "a change")?;
        let read = Self::take(forest, &mut fields)?;
        let rule = || fields.fault(Code::UnknownWord, "one of join, bind, rebind, unbind, merge, close");
        let (change, from) = read.ok_or_else(rule)?;
        fields.finish()?;
        Ok((change, from))
    }

    /// Takes a change out of a document that may hold something else instead.
    pub(crate) fn take(
        forest: &Forest,
        fields: &mut Fields<'_>,
    ) -> Result<Option<(Self, Option<Timestamp>)>> {
        let from = fields.int("from")?.map(Timestamp::from_ms);
        let change = if let Some(pair) = fields.take("join") {
            join(forest, pair)?
        } else if let Some(pair) = fields.take("bind") {
            let [member, inviter] = two(forest, pair)?;
            Self::Bind { member, inviter }
        } else if let Some(pair) = fields.take("rebind") {
            let [member, inviter] = two(forest, pair)?;
            Self::Rebind { member, inviter }
        } else if let Some(member) = fields.take("unbind") {
            Self::Unbind { member: number(forest, member)? }
        } else if let Some(pair) = fields.take("merge") {
            let [kept, gone] = two(forest, pair)?;
            Self::Merge { kept, gone }
        } else if let Some(member) = fields.take("close") {
            let closing = fields.need_word("downline", &DOWNLINES, |(name, _)| name)?.1;
            Self::Close { member: number(forest, member)?, closing }
        } else {
            return Ok(None);
        };
        Ok(Some((change, from)))
    }
}

fn join(forest: &Forest, pair: &Node) -> Result<ForestChange> {
    let [member, inviter] = pair_of(pair)?;
    let inviter = Some(number(forest, inviter)?).filter(|id| *id != 0);
    match ExternalId::from_node(member)? {
        Some(text) if forest.has_texts() => Ok(ForestChange::JoinText { text, inviter }),
        Some(text) if forest.is_empty() && text.as_number().is_none() => {
            Ok(ForestChange::JoinText { text, inviter })
        }
        _ => Ok(ForestChange::Join { member: number(forest, member)?, inviter }),
    }
}

fn two(forest: &Forest, pair: &Node) -> Result<[u64; 2]> {
    let [first, second] = pair_of(pair)?;
    Ok([number(forest, first)?, number(forest, second)?])
}

/// Two ids.
pub(crate) fn pair_of(node: &Node) -> Result<&[Node; 2]> {
    let Node::List(items) = node else { return Err(invalid("a pair", "a list of two ids", node)) };
    <&[Node; 2]>::try_from(items.as_slice()).map_err(|_| {
        let rule = format!("a pair must be a list of two ids, not of {}", items.len());
        Error::new(Code::InvalidValue, rule).about(Spot::of(node))
    })
}

/// What the forest calls a member; 0 for nobody.
fn number(forest: &Forest, node: &Node) -> Result<u64> {
    let Some(id) = ExternalId::from_node(node)? else { return Ok(0) };
    if forest.has_texts() {
        return forest.named(id.as_str()).map(|ix| forest.id(ix));
    }
    id.as_number().ok_or_else(|| {
        let error = format!("id {}: the members of this forest have numbers as ids", node.to_json());
        Error::new(Code::InvalidId, error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doc::read_json;

    #[test]
    fn a_pair_of_another_length_is_told_how_many_it_has() {
        let read = |json: &str| {
            let change = read_json(json, 100).unwrap();
            ForestChange::read(&Forest::new(), &change).unwrap_err().message().to_owned()
        };
        assert_eq!(read(r#"{"join": [1]}"#), "a pair must be a list of two ids, not of 1");
        assert_eq!(read(r#"{"merge": [1, 2, 3]}"#), "a pair must be a list of two ids, not of 3");
        assert_eq!(read(r#"{"join": 1}"#), "a pair must be a list of two ids, not 1");
    }
}
