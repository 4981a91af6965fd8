//! What an outcome's entries have to be, computed anew from the frozen sale and the history. It shares no
//! step with what writes the entries, so that each shows the mistakes of the other.

use super::record::{Deed, Record, RefundRecord};
use crate::fault::{Result, inconsistent};
use fenrun::doc::{self, MAX_DOCUMENT_BYTES};
use fenrun::id::MemberId;
use fenrun::ledger::{MemberAccount, Share, TakeBack};
use fenrun::reward::commission::{
    Frozen, Outcome, Refund, ReversalRow, SEMANTICS, Standing, evaluate, reverse,
};
use fenrun::reward::plan::Plan;
use fenrun::sale::Sale;
use fenrun::time::Timestamp;
use fenrun::{Code, Error};
use std::collections::BTreeMap;

/// Rule, payee and account of an entry.
pub(crate) type EntryKey = (String, String, String);

/// What stands for a payee of a rule, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stand {
    pub(crate) amount: i64,
    pub(crate) stands_on: MemberAccount,
    pub(crate) hold_until: Option<i64>,
}

/// What a step of the history moves.
pub(crate) enum Step {
    Confirmed {
        at: i64,
        shares: Vec<Share>,
    },
    /// One journal a rule.
    Released {
        at: i64,
        rules: Vec<(String, Vec<Share>)>,
    },
    Reversed {
        at: i64,
        refund: Refund,
        rows: Vec<ReversalRow>,
        takes: Vec<TakeBack>,
        retained_change: i64,
    },
}

/// An outcome on its way through its history.
pub(crate) struct Replay {
    pub(crate) frozen: Frozen,
    pub(crate) outcome: Outcome,
    pub(crate) entries: BTreeMap<EntryKey, Stand>,
    pub(crate) confirmed_at: Option<i64>,
    pub(crate) due: Option<i64>,
    refunds: Vec<Refund>,
}

/// The plan a record names, from its text.
pub(crate) fn read_plan(hash: &str, text: Option<&str>) -> Result<Plan> {
    let text = text.ok_or_else(|| inconsistent(format!("the text of plan {hash} is missing")))?;
    if doc::long_hash(text) != hash {
        return Err(inconsistent(format!("the text of plan {hash} was changed")).into());
    }
    Ok(Plan::from_json(text)?)
}

impl Replay {
    /// Evaluates the frozen sale anew.
    pub(crate) fn start(record: &Record, plan: &Plan) -> Result<Self> {
        if record.semantics != SEMANTICS {
            let rule =
                format!("it was computed by semantics {}, this library has {SEMANTICS}", record.semantics);
            return Err(Error::new(Code::Inconsistent, rule).into());
        }
        let node = doc::read_json(&record.sale, MAX_DOCUMENT_BYTES)?;
        let sale = Sale::from_node(&node, plan.currency())?;
        let outcome = evaluate(plan, &sale)?;
        let frozen = Frozen::new(plan, &sale)?;
        let mut entries: BTreeMap<EntryKey, Stand> = BTreeMap::new();
        for row in outcome.rows() {
            let key = (row.rule.clone(), row.payee.as_str().to_owned(), row.account.clone().into_owned());
            let fresh = Stand { amount: 0, stands_on: MemberAccount::Pending, hold_until: None };
            let stand = entries.entry(key).or_insert(fresh);
            stand.amount = sum(stand.amount, row.amount)?;
        }
        Ok(Self { frozen, outcome, entries, confirmed_at: None, due: None, refunds: Vec::new() })
    }

    /// Goes through the whole history.
    pub(crate) fn run(&mut self, deeds: &[Deed], refunds: &[RefundRecord]) -> Result<Vec<Step>> {
        let mut refunds = refunds.iter();
        let mut steps = Vec::with_capacity(deeds.len());
        for deed in deeds {
            steps.push(match deed {
                Deed::Confirmed(at) => self.confirm(*at)?,
                Deed::Released(at) => self.release(*at)?,
                Deed::Reversed(at, id) => {
                    let missing = || inconsistent(format!("refund {id} is not on record"));
                    self.reverse(*at, refunds.next().ok_or_else(missing)?.refund()?)?
                }
            });
            let held = self.entries.values().filter(|stand| stand.stands_on == MemberAccount::Confirmed);
            self.due = held.filter(|stand| stand.amount > 0).filter_map(|stand| stand.hold_until).min();
        }
        Ok(steps)
    }

    /// The refunds it went through.
    pub(crate) fn refunds(&self) -> &[Refund] {
        &self.refunds
    }

    /// What stands, as the evaluation of reversals takes it.
    pub(crate) fn standing(&self) -> Result<Vec<Standing>> {
        let standing = self.entries.iter().map(|((rule, payee, account), stand)| {
            let (payee, amount) = (MemberId::new(payee)?, stand.amount);
            Ok(Standing { rule: rule.clone(), payee, account: account.clone(), amount })
        });
        standing.collect()
    }

    fn confirm(&mut self, at: i64) -> Result<Step> {
        if self.confirmed_at.is_some() {
            return Err(inconsistent("its history confirms it twice").into());
        }
        self.confirmed_at = Some(at);
        let shares = self.shares(|_, _| true)?;
        let rules = self.frozen.plan().rules();
        for ((name, _, _), stand) in &mut self.entries {
            let hold_days = rules.iter().find(|rule| rule.id == *name).map_or(0, |rule| rule.hold_days);
            stand.stands_on = MemberAccount::Confirmed;
            stand.hold_until = Some(Timestamp::from_ms(at).plus_days(hold_days).ms());
        }
        Ok(Step::Confirmed { at, shares })
    }

    fn release(&mut self, at: i64) -> Result<Step> {
        let is_due = |stand: &Stand| {
            stand.stands_on == MemberAccount::Confirmed && stand.hold_until.is_some_and(|until| until <= at)
        };
        let mut rules: Vec<(String, Vec<Share>)> = Vec::new();
        for (name, _, _) in self.entries.iter().filter(|(_, stand)| is_due(stand)).map(|(key, _)| key) {
            if rules.last().is_none_or(|(last, _)| last != name) {
                rules.push((name.clone(), Vec::new()));
            }
        }
        if rules.is_empty() {
            return Err(inconsistent("its history releases what was not due").into());
        }
        for (name, shares) in &mut rules {
            *shares = self.shares(|rule, stand| rule == name && is_due(stand))?;
            let of_rule = self.entries.iter_mut().filter(|((rule, _, _), _)| rule == name);
            for (_, stand) in of_rule {
                stand.stands_on = MemberAccount::Available;
                stand.hold_until = None;
            }
        }
        Ok(Step::Released { at, rules })
    }

    fn reverse(&mut self, at: i64, refund: Refund) -> Result<Step> {
        let reversal = reverse(&self.frozen, &self.refunds, &refund, Some(&self.standing()?))?;
        let before = self.entries.clone();
        let mut takes = Vec::with_capacity(reversal.rows.len());
        for row in &reversal.rows {
            let key = (row.rule.clone(), row.payee.as_str().to_owned(), row.account.clone());
            // Who had nothing before joins the others of the rule, and without any the whole outcome.
            let own = before.iter().find(|((rule, payee, _), _)| *rule == key.0 && *payee == key.1);
            let rule = before.iter().find(|((rule, _, _), _)| *rule == key.0);
            let plain = match self.confirmed_at {
                Some(_) => MemberAccount::Confirmed,
                None => MemberAccount::Pending,
            };
            let stands_on = own.or(rule).map_or(plain, |(_, stand)| stand.stands_on);
            let hold_until = rule.map_or(self.confirmed_at, |(_, stand)| stand.hold_until);
            let fresh = Stand { amount: 0, stands_on, hold_until };
            let stand = self.entries.entry(key).or_insert(fresh);
            stand.amount = sum(stand.amount, row.amount)?;
            takes.push(TakeBack { member: row.payee.clone(), from: stands_on, minor: negated(row.amount)? });
        }
        self.refunds.push(refund.clone());
        let retained_change = reversal.retained_change;
        Ok(Step::Reversed { at, refund, rows: reversal.rows, takes, retained_change })
    }

    fn shares(&self, fits: impl Fn(&str, &Stand) -> bool) -> Result<Vec<Share>> {
        let mut shares = Vec::new();
        for ((rule, payee, _), stand) in &self.entries {
            if fits(rule, stand) {
                shares.push(Share::new(MemberId::new(payee)?, stand.amount));
            }
        }
        Ok(shares)
    }
}

fn sum(left: i64, right: i64) -> Result<i64> {
    let wide = || Error::new(Code::Overflow, format!("{left} and {right} minor units do not fit together"));
    Ok(left.checked_add(right).ok_or_else(wide)?)
}

pub(crate) fn negated(amount: i64) -> Result<i64> {
    let wide = || Error::new(Code::Overflow, format!("{amount} minor units cannot be mirrored"));
    Ok(amount.checked_neg().ok_or_else(wide)?)
}
