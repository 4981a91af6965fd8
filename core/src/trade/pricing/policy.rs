//! The pricing policy of a shop: tiers, rules and their groups, points, shipping, tax, rounding.

use super::points::PointsTerms;
use super::rule::{Effect, Rule, Stage};
use super::shipping::ShippingTerms;
use super::tax::TaxTerms;
use crate::error::{Code, Error, Result};
use crate::money::{Rate, Rounding};
use crate::trade::catalog::TIER_WORDS;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

/// The most rules a policy may have.
pub const MAX_RULES: usize = 4096;
/// The most groups a policy may have.
pub const MAX_GROUPS: usize = 64;

/// How rules of a group go together.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub enum Group {
    /// All of them apply, one after the other.
    #[default]
    Stack,
    /// The one that takes off most applies, of equal ones the first. All of a group are of one stage and
    /// have their turn together, when the first of them has.
    BestOf,
    /// The first that applies is the last.
    StopAfter,
    /// None applies once a rule of one of these groups did, and the other way round.
    NotWith(BTreeSet<String>),
}

/// 抹零: the total is rounded to a multiple; the difference is an adjustment of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CashRounding {
    /// Minor units the total is a multiple of, above zero.
    pub to: i64,
    /// How.
    pub rounding: Rounding,
}

/// The fields of a policy before they are checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyDraft {
    /// Names the policy at this moment; goes into every quote.
    pub version: String,
    /// How prices and discounts are rounded where nothing else is said.
    pub rounding: Rounding,
    /// How long a quote may be placed, in milliseconds.
    pub valid_ms: i64,
    /// The share of the list price that a tier pays where a SKU has no price for it.
    pub tiers: BTreeMap<String, Rate>,
    /// Promotions.
    pub rules: Vec<Rule>,
    /// How rules go together, by the name they give their group.
    pub groups: BTreeMap<String, Group>,
    /// What points are worth; none means that none can be used.
    pub points: Option<PointsTerms>,
    /// What shipping costs.
    pub shipping: ShippingTerms,
    /// Taxes.
    pub tax: TaxTerms,
    /// 抹零.
    pub cash_rounding: Option<CashRounding>,
}

impl Default for PolicyDraft {
    fn default() -> Self {
        Self {
            version: "1".into(),
            rounding: Rounding::HalfAway,
            valid_ms: 1_800_000,
            tiers: BTreeMap::new(),
            rules: Vec::new(),
            groups: BTreeMap::new(),
            points: None,
            shipping: ShippingTerms::default(),
            tax: TaxTerms::default(),
            cash_rounding: None,
        }
    }
}

/// A group as the run needs it: bits of groups that end it, and where its rules stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GroupPlan {
    /// Its own bit.
    pub(super) bit: u64,
    /// It is over once one of these has applied.
    pub(super) over_after: u64,
    /// Its rules, where the best of them is to be found.
    pub(super) best_of: Option<Vec<usize>>,
}

/// A checked policy. Its rules stand in the order they run: by stage, priority, id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    draft: PolicyDraft,
    groups: Vec<GroupPlan>,
    /// The group of each rule.
    group_of: Vec<Option<usize>>,
}

impl Deref for Policy {
    type Target = PolicyDraft;

    fn deref(&self) -> &PolicyDraft {
        &self.draft
    }
}

impl Policy {
    /// Checks a policy.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] for more than 100 % off, an amount off that is not above zero, anything else
    /// below zero, a rule that stands twice or could never apply, a group or tax class nobody defined, or a
    /// version that is empty or longer than 64 bytes.
    pub fn new(mut draft: PolicyDraft) -> Result<Self> {
        let fault = |rule: String| Err(Error::new(Code::InvalidValue, format!("policy: {rule}")));
        if draft.version.is_empty() || draft.version.len() > 64 {
            return fault(format!("version {:?}; 1 to 64 bytes", draft.version));
        }
        if draft.valid_ms < 0 {
            return fault(format!("valid_ms is {}, below zero", draft.valid_ms));
        }
        if draft.rules.len() > MAX_RULES || draft.groups.len() > MAX_GROUPS {
            let (rules, groups) = (draft.rules.len(), draft.groups.len());
            return fault(format!("{rules} rules in {groups} groups; at most {MAX_RULES} in {MAX_GROUPS}"));
        }
        if let Some(word) = TIER_WORDS.iter().find(|word| draft.tiers.contains_key(**word)) {
            let rule = format!("policy: a tier is not called `{word}`");
            return Err(Error::new(Code::InvalidValue, rule));
        }
        if let Some((tier, rate)) = draft.tiers.iter().find(|(_, rate)| **rate > Rate::ONE) {
            return fault(format!("tier {tier:?} pays {rate} of the list price; at most 100%"));
        }
        if let Some(cash) = draft.cash_rounding.filter(|cash| cash.to <= 0) {
            return fault(format!("cash_rounding to {}; a multiple is above zero", cash.to));
        }
        draft.rules.sort_by(|a, b| (a.stage, a.priority, &a.id).cmp(&(b.stage, b.priority, &b.id)));
        let mut seen = BTreeSet::new();
        for rule in &draft.rules {
            rule.check()?;
            if !seen.insert(&rule.id) {
                return fault(format!("rule {} stands twice", rule.id));
            }
            if matches!(rule.effect, Effect::Gift { .. }) {
                rule.gift_line()?;
            }
        }
        draft.points.iter().try_for_each(PointsTerms::check)?;
        draft.shipping.check()?;
        let fees = draft.shipping.templates.values().filter_map(|template| template.tax_class.as_ref());
        draft.tax.check(fees.chain(&draft.shipping.tax_class))?;
        let (groups, group_of) = plan_groups(&draft)?;
        Ok(Self { draft, groups, group_of })
    }

    /// The group of a rule, by where the rule stands.
    pub(super) fn group(&self, rule: usize) -> Option<&GroupPlan> {
        self.group_of.get(rule).copied().flatten().and_then(|at| self.groups.get(at))
    }

    /// The rules of a stage, and where the first of them stands.
    pub(super) fn stage(&self, stage: Stage) -> (usize, &[Rule]) {
        let from = self.rules.partition_point(|rule| rule.stage < stage);
        let to = self.rules.partition_point(|rule| rule.stage <= stage);
        (from, &self.rules[from..to])
    }
}

fn plan_groups(draft: &PolicyDraft) -> Result<(Vec<GroupPlan>, Vec<Option<usize>>)> {
    let fault = |rule: String| Err(Error::new(Code::InvalidValue, format!("policy: {rule}")));
    let place = |name: &str| draft.groups.keys().position(|known| known == name);
    let bit = |at: usize| 1_u64 << at;
    let mut plans: Vec<GroupPlan> =
        (0..draft.groups.len()).map(|at| GroupPlan { bit: bit(at), over_after: 0, best_of: None }).collect();
    for (at, (name, group)) in draft.groups.iter().enumerate() {
        match group {
            Group::Stack => {}
            Group::BestOf => plans[at].best_of = Some(Vec::new()),
            Group::StopAfter => plans[at].over_after |= bit(at),
            Group::NotWith(others) => {
                for other in others {
                    let Some(other_at) = place(other).filter(|other_at| *other_at != at) else {
                        return fault(format!("group {name}: there is no other group {other:?}"));
                    };
                    plans[at].over_after |= bit(other_at);
                    plans[other_at].over_after |= bit(at);
                }
            }
        }
    }
    let mut group_of = Vec::new();
    for (rule_at, rule) in draft.rules.iter().enumerate() {
        let Some(name) = &rule.group else {
            group_of.push(None);
            continue;
        };
        let Some(at) = place(name) else {
            return fault(format!("rule {}: there is no group {name:?}", rule.id));
        };
        group_of.push(Some(at));
        if let Some(members) = &mut plans[at].best_of {
            members.push(rule_at);
            if draft.rules[members[0]].stage != rule.stage {
                return fault(format!("group {name}: the best of rules of two stages is not defined"));
            }
            if matches!(rule.effect, Effect::Gift { .. }) {
                return fault(format!("group {name}: a gift takes nothing off, so it is never the best"));
            }
        }
    }
    Ok((plans, group_of))
}
