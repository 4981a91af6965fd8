//! Who meets a condition, for all members at once.

use crate::doc::Node;
use crate::error::{Code, Result};
use crate::reward::plan::{Condition, Knowledge, Plan};
use crate::reward::referral::{Column, Forest, MemberIx};

/// One bit a member; `None` when somebody does not state a fact, or one of another type, which matters only for
/// those the orders reach.
pub(super) fn qualified(condition: &Condition, plan: &Plan, forest: &Forest) -> Result<Option<Vec<u64>>> {
    let mut bits = vec![0_u64; forest.len() / 64 + 1];
    if let Some(columns) = flag_columns(condition, forest) {
        for (at, word) in bits.iter_mut().enumerate() {
            *word = columns.iter().fold(u64::MAX, |all, (flags, wanted)| all & word_of(flags, *wanted, at));
        }
        return Ok(Some(bits));
    }
    for number in 1..=u32::try_from(forest.len()).unwrap_or(u32::MAX) {
        let member = Member { forest, ix: MemberIx::new(number) };
        match condition.holds(&member, plan.ranks()) {
            Ok(holds) => {
                let at = usize::try_from(number).unwrap_or(usize::MAX);
                bits[at / 64] |= u64::from(holds) << (number % 64);
            }
            Err(error) if matches!(error.code(), Code::MissingFact | Code::InvalidValue) => return Ok(None),
            Err(error) => return Err(error),
        }
    }
    Ok(Some(bits))
}

/// The columns of a condition that asks for flags alone, each with the value it asks for; `None` also where
/// somebody joined after a column was set and states nothing in it.
fn flag_columns<'f>(condition: &Condition, forest: &'f Forest) -> Option<Vec<(&'f [bool], bool)>> {
    let column = |(name, wanted): (&str, bool)| {
        forest.facts().find_map(|(known, column)| match column {
            Column::Flag(flags) if known == name && flags.len() == forest.len() => {
                Some((flags.as_slice(), wanted))
            }
            _ => None,
        })
    };
    condition.flags()?.into_iter().map(column).collect()
}

/// The bits of the members `64·at` to `64·at + 63`, whose flags stand from 1; nobody has none.
fn word_of(flags: &[bool], wanted: bool, at: usize) -> u64 {
    let first = (64 * at).saturating_sub(1);
    let flags = flags.get(first..flags.len().min(64 * at + 63)).unwrap_or_default();
    let shift = u32::from(at == 0);
    flags.iter().rev().fold(0, |word, flag| word << 1 | u64::from(*flag == wanted)) << shift
}

#[inline(always)]
pub(super) fn has_bit(bits: &[u64], member: u32) -> bool {
    let word = usize::try_from(member / 64).ok().and_then(|at| bits.get(at)).copied().unwrap_or(0);
    word >> (member % 64) & 1 == 1
}

struct Member<'a> {
    forest: &'a Forest,
    ix: MemberIx,
}

impl Knowledge for Member<'_> {
    fn fact(&self, name: &str) -> Option<Node> {
        if name == "rank" {
            return self.forest.rank(self.ix).map(Into::into);
        }
        self.forest.fact(self.ix, name)
    }

    fn sale_fact(&self, _name: &str) -> Option<Node> {
        None
    }

    fn whose(&self) -> String {
        format!("member {}", self.forest.name(self.ix))
    }
}

#[cfg(test)]
mod tests {
    use crate::error::{Code, Result};
    use crate::reward::batch::{Orders, Rows, settle};
    use crate::reward::plan::Plan;
    use crate::reward::referral::{Column, Forest};

    /// As in a sale alone: who is not reached is not asked, and nobody is taken for one who does not qualify.
    #[test]
    fn a_fact_of_another_type_is_an_error_for_those_the_orders_reach() {
        let text = r#"{"schema": "fenrun.plan/1", "name": "n", "currency": "CNY", "rule": [{"id": "r",
            "to": {"up": "referral"}, "pay": {"levels": ["5%"]}, "qualify": {"vip": true},
            "unqualified": "retain"}]}"#;
        let plan = Plan::from_json(text).unwrap();
        let mut forest = Forest::from_edges(&[1, 2], &[0, 1]).unwrap();
        forest.set_fact("vip", Column::Int(vec![1, 1])).unwrap();
        let of = |buyer: u64| -> Result<Rows> {
            let buyers = forest.resolve(&[buyer])?;
            settle(&plan, &forest, &Orders::new(&buyers, &[("paid", &[1_000])]), None)
        };
        let error = of(2).unwrap_err();
        let told = "member 1: the fact `vip`, which the plan tests by true, must be true or false, not 1";
        assert!(error.code() == Code::InvalidValue && error.message().contains(told), "{error}");
        of(1).unwrap();
    }
}
