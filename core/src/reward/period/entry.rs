//! One slot of one source, on its way from a schedule through the caps to rows.

use crate::reward::commission::Reason;
use crate::reward::plan::Rule;
use crate::sale::Pay;

/// A member whose volume, or whose allocation, a rule shares out.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// Whose.
    pub(super) member: usize,
    /// Whose volumes are read: where a rule runs after another, those of that rule's source.
    pub(super) volumes_of: usize,
    /// The key of the row a rule runs after; empty otherwise.
    pub(super) from: String,
    /// What is shared.
    pub(super) base: i64,
}

/// The place of a source that is all sources together, which none has.
pub(super) const ALL_TOGETHER: usize = usize::MAX;

/// What one slot of one source came to. Members are handles.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The place of the source among the rule's sources.
    pub(super) source: usize,
    pub(super) level: usize,
    pub(super) stands: usize,
    /// Who is paid; 0 for nobody.
    pub(super) payee: usize,
    pub(super) rate: Pay,
    pub(super) base: i64,
    pub(super) below: i64,
    /// What is paid or, with a reason, retained.
    pub(super) amount: i64,
    pub(super) reason: Option<Reason>,
    /// What caps took of it.
    pub(super) cut: Vec<(Reason, i64)>,
}

impl Entry {
    /// A slot at which a member stands and is paid, unless the amount or its smallness says otherwise.
    pub(super) fn own(rule: &Rule, source: usize, member: usize, amount: i64) -> Self {
        let reason = match amount {
            0 => Some(Reason::Rounding),
            amount if amount < rule.round.min => Some(Reason::BelowMinimum),
            _ => None,
        };
        Self {
            source,
            level: 1,
            stands: member,
            payee: if reason.is_none() { member } else { 0 },
            rate: Pay::PerUnit(0),
            base: 0,
            below: 0,
            amount,
            reason,
            cut: Vec::new(),
        }
    }

    /// The same amount, for nobody.
    pub(super) fn kept(mut self, reason: Reason) -> Self {
        if self.amount != 0 {
            self.payee = 0;
            self.reason = Some(reason);
        }
        self
    }

    /// What is paid after the caps so far; nothing where nobody is paid.
    pub(super) fn paid(&self) -> i64 {
        if self.reason.is_some() { 0 } else { self.amount }
    }

    /// Takes a part away.
    pub(super) fn cut(&mut self, amount: i64, reason: Reason) {
        if amount > 0 {
            self.amount -= amount;
            self.cut.push((reason, amount));
        }
    }
}
