//! One outcome computed anew from its frozen sale, its plan and its history, against what is on record.

use super::Check;
use super::outcomes::{Stored, StoredRow};
use crate::commission::{
    Counter, Record, Replay, SaleKey, Step, count, fingerprint, negated, plan_text, read_plan,
};
use crate::fault::Result;
use fenrun::id::{JournalId, LineId};
use fenrun::ledger::{self, Advance, Journal, Reversal, Share, Step as Stage};
use fenrun::reward::plan::Plan;
use fenrun::time::Timestamp;
use rusqlite::{Connection, OptionalExtension};
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// The plans that outcomes were computed by, each read once.
pub(super) struct Plans<'a> {
    connection: &'a Connection,
    known: HashMap<(String, String), Rc<Plan>>,
}

/// An outcome computed anew.
pub(super) struct Rebuilt {
    key: SaleKey,
    replay: Replay,
    steps: Vec<Step>,
}

/// A row as it has to be: key, payee, rule, line, level, account, amount and refund.
type Row<'a> = (&'a str, &'a str, &'a str, Option<&'a str>, Option<i64>, &'a str, i64, Option<&'a str>);

/// A journal that has to be on record.
struct Wanted {
    asked: Asked,
    /// Whether there is anything for it to post.
    posts: Posts,
    /// The refund whose rows name it, or the rows that were earned.
    rows_of: Option<Rows>,
}

/// What a journal was posted for; where it lands depends on the balances it met.
enum Asked {
    Earned(Journal),
    Advance(Advance),
    Reversal(Reversal),
}

/// Whether a journal has to be there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Posts {
    Something,
    /// What a refund moves may cancel out, depending on the balances it met.
    Perhaps,
}

enum Rows {
    Earned,
    Of(String),
}

impl<'a> Plans<'a> {
    pub(super) fn new(connection: &'a Connection) -> Self {
        Self { connection, known: HashMap::new() }
    }

    fn get(&mut self, tenant: &str, hash: &str) -> Result<Rc<Plan>> {
        let key = (tenant.to_owned(), hash.to_owned());
        if let Some(plan) = self.known.get(&key) {
            return Ok(Rc::clone(plan));
        }
        let text = plan_text(self.connection, tenant, hash)?;
        let plan = Rc::new(read_plan(hash, text.as_deref())?);
        self.known.insert(key, Rc::clone(&plan));
        Ok(plan)
    }
}

impl Rebuilt {
    pub(super) fn new(stored: &Stored, plans: &mut Plans<'_>) -> Result<Self> {
        let record = &stored.record;
        let plan = plans.get(&record.tenant, &record.plan)?;
        let deeds = record.deeds()?;
        record.check_chain(&deeds, &stored.refunds)?;
        let mut replay = Replay::start(record, &plan)?;
        let steps = replay.run(&deeds, &stored.refunds)?;
        Ok(Self { key: record.key()?, replay, steps })
    }

    /// The outcome is what the frozen sale evaluates to, its rows and those of its refunds included.
    pub(super) fn check_outcome(&self, stored: &Stored) -> Result<(), String> {
        let (record, outcome) = (&stored.record, &self.replay.outcome);
        let recorded = (&*record.tenant, &*record.sale_id, record.version, &*record.currency, record.pool);
        let (sale, currency) = (outcome.sale().as_str(), outcome.currency());
        if recorded != (outcome.tenant(), sale, outcome.version(), currency.code(), outcome.pool()) {
            return Err("tenant, sale, version, currency or pool are not those of its frozen sale".into());
        }
        if fingerprint(outcome, &record.sale) != record.fingerprint {
            return Err("its fingerprint is not that of its frozen sale, plan and amounts".into());
        }
        let rows = self.rows();
        let same = |at: usize| {
            stored.rows.get(at).is_some_and(|row| {
                let plain = usize::try_from(row.ordinal) == Ok(at) && row.source.is_none();
                plain && rows.get(at) == Some(&row.shown())
            })
        };
        if let Some(at) = (0..rows.len().max(stored.rows.len())).find(|at| !same(*at)) {
            let (found, wanted) = (stored.rows.len(), rows.len());
            return Err(format!("row {at} of {found} is not that of the {wanted} it evaluates to"));
        }
        let kept = outcome.retained().iter().map(|entry| (entry.reason.name(), entry.amount));
        if !stored.retained.iter().map(|(reason, amount)| (reason.as_str(), *amount)).eq(sorted(kept)) {
            return Err("what is retained, or why, is not what it evaluates to".into());
        }
        Ok(())
    }

    /// What stands, where and until when is what its history comes to.
    pub(super) fn check_entries(&self, stored: &Stored) -> Result<(), String> {
        let (record, replay) = (&stored.record, &self.replay);
        if stored.entries != replay.entries {
            return Err("what stands, or where it stands, is not what its history comes to".into());
        }
        if (record.confirmed_at, record.due) != (replay.confirmed_at, replay.due) {
            return Err("when it was confirmed or is due is not what its history says".into());
        }
        Ok(())
    }

    /// What it used of caps over periods.
    pub(super) fn counted(&self) -> BTreeMap<Counter, i128> {
        let Replay { frozen, entries, .. } = &self.replay;
        let rows = entries.iter().map(|((rule, payee, _), stand)| (&**rule, &**payee, stand.amount));
        count(frozen.plan(), frozen.sale().placed_at, rows)
    }

    /// Every step posted its journal, at its time and under its id, and the rows name it. Tells how many
    /// there are.
    pub(super) fn check_journals(
        &self,
        connection: &Connection,
        stored: &Stored,
        check: &mut Check,
    ) -> Result<i64> {
        let mut statement = connection.prepare_cached(
            "SELECT journal, at, fingerprint FROM journals WHERE tenant = ?1 AND journal_id = ?2",
        )?;
        let (mut found, mut before) = (0, 0);
        for wanted in self.journals(&stored.record)? {
            let key = (stored.record.tenant.as_str(), wanted.asked.id().as_str());
            let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
            let posted: Option<(i64, i64, String)> = statement.query_row(key, read).optional()?;
            let number = posted.as_ref().map(|(number, ..)| *number);
            found += i64::from(number.is_some());
            let fits = match posted {
                Some((_, at, fingerprint)) => wanted.asked.fits(at, &fingerprint),
                None => wanted.posts == Posts::Perhaps,
            };
            let names = |row: &&StoredRow| match &wanted.rows_of {
                Some(Rows::Earned) => row.refund.is_none(),
                Some(Rows::Of(refund)) => row.refund.as_ref() == Some(refund),
                None => false,
            };
            let named = stored.rows.iter().filter(names).all(|row| row.journal == number);
            check.expect(fits && named, || {
                let id = wanted.asked.id();
                stored.told(format!("journal {id} is not the one it posted, or its rows name another"))
            });
            if number.is_some_and(|number| number <= before) {
                let id = wanted.asked.id();
                check.fault(stored.told(format!("journal {id} stands before what it follows on")));
            }
            before = number.unwrap_or(before);
        }
        Ok(found)
    }

    /// The rows of the outcome and of its refunds.
    fn rows(&self) -> Vec<Row<'_>> {
        let first = self.replay.outcome.rows().iter().map(|row| {
            let (line, level) = (row.line.as_ref().map(LineId::as_str), i64::try_from(row.level).ok());
            (&*row.key, row.payee.as_str(), &*row.rule, line, level, &*row.account, row.amount, None)
        });
        let mut rows: Vec<Row<'_>> = first.collect();
        for step in &self.steps {
            if let Step::Reversed { refund, rows: taken, .. } = step {
                let refund = Some(refund.id.as_str());
                rows.extend(taken.iter().map(|row| {
                    let payee = row.payee.as_str();
                    (&*row.key, payee, &*row.rule, None, None, &*row.account, row.amount, refund)
                }));
            }
        }
        rows
    }

    fn journals(&self, record: &Record) -> Result<Vec<Wanted>> {
        let (key, outcome) = (&self.key, &self.replay.outcome);
        let currency = outcome.currency();
        let shares = outcome.rows().iter().map(|row| Share::new(row.payee.clone(), row.amount));
        let retained: i64 = outcome.retained().iter().map(|entry| entry.amount).sum();
        let time = Timestamp::from_ms;
        let id = key.journal("earned")?;
        let earned = ledger::earned(id, time(record.at), currency, &shares.collect::<Vec<_>>(), retained)?;
        let earned = earned.map(|journal| Wanted {
            asked: Asked::Earned(journal),
            posts: Posts::Something,
            rows_of: Some(Rows::Earned),
        });
        let mut wanted: Vec<Wanted> = earned.into_iter().collect();
        let advance = |id, at, step, shares: &[Share]| {
            Wanted::of_advance(Advance { id, at: time(at), currency, step, shares: shares.to_vec() })
        };
        for step in &self.steps {
            match step {
                Step::Confirmed { at, shares } => {
                    wanted.extend(advance(key.journal("confirmed")?, *at, Stage::Confirm, shares));
                }
                Step::Released { at, rules } => {
                    for (rule, shares) in rules {
                        let id = key.journal_for("released", rule)?;
                        wanted.extend(advance(id, *at, Stage::Release, shares));
                    }
                }
                Step::Reversed { at, refund, takes, retained_change, .. } => {
                    let id = key.journal_for("reversed", refund.id.as_str())?;
                    let (at, takes, retained) = (time(*at), takes.clone(), negated(*retained_change)?);
                    let reversal = Reversal { id, at, currency, takes, retained };
                    wanted.push(Wanted::of_reversal(reversal, refund.id.as_str()));
                }
            }
        }
        Ok(wanted)
    }
}

impl Asked {
    const fn id(&self) -> &JournalId {
        match self {
            Self::Earned(journal) => journal.id(),
            Self::Advance(advance) => &advance.id,
            Self::Reversal(reversal) => &reversal.id,
        }
    }

    /// Whether what is on record was posted then, and for this.
    fn fits(&self, at: i64, fingerprint: &str) -> bool {
        let (wanted, same) = match self {
            Self::Earned(journal) => (journal.at(), journal.check_repeat(fingerprint)),
            Self::Advance(advance) => (advance.at, advance.check_repeat(fingerprint)),
            Self::Reversal(reversal) => (reversal.at, reversal.check_repeat(fingerprint)),
        };
        wanted.ms() == at && same.is_ok()
    }
}

impl Wanted {
    /// A step that moves something.
    fn of_advance(advance: Advance) -> Option<Self> {
        let moves = advance.shares.iter().any(|share| share.minor != 0);
        moves.then_some(Self { asked: Asked::Advance(advance), posts: Posts::Something, rows_of: None })
    }

    fn of_reversal(reversal: Reversal, refund: &str) -> Self {
        let mut sums = BTreeMap::new();
        for take in &reversal.takes {
            *sums.entry(&take.member).or_insert(0) += i128::from(take.minor);
        }
        let nothing = reversal.retained == 0 && sums.values().all(|sum| *sum == 0);
        let posts = if nothing { Posts::Perhaps } else { Posts::Something };
        Self { asked: Asked::Reversal(reversal), posts, rows_of: Some(Rows::Of(refund.to_owned())) }
    }
}

impl StoredRow {
    fn shown(&self) -> Row<'_> {
        let (line, refund) = (self.line.as_deref(), self.refund.as_deref());
        (&self.key, &self.payee, &self.rule, line, self.level, &self.account, self.amount, refund)
    }
}

/// In the order of reasons' names, as the table has them.
fn sorted<'a>(kept: impl Iterator<Item = (&'a str, i64)>) -> BTreeMap<&'a str, i64> {
    kept.collect()
}
