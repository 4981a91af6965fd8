//! An outcome in sentences: one line a slot, for the people who ask why.

use super::outcome::{Outcome, Row, Trace};
use super::reason::{Language, Reason};
use crate::money::{Currency, Money};
use crate::sale::Pay;
use crate::words::counted;

impl Outcome {
    /// One line for people per slot: who got how much of what, or why nobody did. What caps cut from a slot, and the
    /// accounts its amount goes to, stand in its line.
    #[must_use]
    pub fn explain(&self, language: Language) -> Vec<String> {
        let currency = self.currency();
        let mut cuts = vec![Vec::new(); self.trace().len()];
        for slot in self.trace() {
            if let Some(cuts) = slot.cut_of.and_then(|of| cuts.get_mut(of)) {
                cuts.push(slot);
            }
        }
        // Rows stand in the order of the slots they are paid for.
        let mut rows = self.rows();
        let mut lines = Vec::with_capacity(cuts.len());
        for (slot, cuts) in self.trace().iter().zip(&cuts) {
            let mine = slot.payee.as_ref().map_or(0, |_| accounts(rows, slot.amount));
            let (parts, rest) = rows.split_at(mine);
            rows = rest;
            if slot.cut_of.is_none() {
                lines.push(Sentence { slot, cuts, parts, currency, language }.line());
            }
        }
        lines
    }
}

/// How many rows an amount is divided over.
fn accounts(rows: &[Row], amount: i64) -> usize {
    let mut left = amount;
    let within = |row: &&Row| {
        let more = left > 0;
        left -= row.amount;
        more
    };
    rows.iter().take_while(within).count()
}

/// One slot on its way into words.
struct Sentence<'a> {
    slot: &'a Trace,
    /// What caps cut from it.
    cuts: &'a [&'a Trace],
    /// Its amount by account.
    parts: &'a [Row],
    currency: Currency,
    language: Language,
}

impl Sentence<'_> {
    fn line(&self) -> String {
        let Trace { stands, payee, amount, reason, .. } = self.slot;
        let place = self.place();
        let who = stands.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string);
        let money = self.money(*amount);
        match (payee, reason) {
            (Some(payee), _) => {
                let from = Some(payee) != stands.as_ref();
                let from =
                    from.then(|| self.say(format!(" (rolled up from {who})"), format!("（自 {who} 上卷）")));
                let (accounts, calculation) = (self.accounts(), self.calculation());
                format!("{place}: {payee} {money}{accounts} = {calculation}{}", from.unwrap_or_default())
            }
            (None, Some(reason)) if *amount == 0 => {
                format!("{place}: {who} {money} — {}", self.smallness(*reason))
            }
            (None, Some(_)) => {
                let kept: Vec<String> =
                    [self.slot].iter().chain(self.cuts).map(|slot| self.kept(slot)).collect();
                format!("{place}: {who} {}", kept.join(self.say("; ", "；")))
            }
            (None, None) => format!("{place}: {who}"),
        }
    }

    /// What is retained, and why.
    fn kept(&self, slot: &Trace) -> String {
        let (money, kept) = (self.money(slot.amount), self.say("retained", "留存"));
        format!("{kept} {money} — {}", self.why(slot))
    }

    fn why(&self, slot: &Trace) -> &'static str {
        slot.reason.map_or("", |reason| reason.sentence(self.language))
    }

    /// Why there is nothing.
    fn smallness(&self, reason: Reason) -> &'static str {
        match self.slot {
            Trace { part: Some((0, _)), .. } if reason == Reason::NotApplicable => {
                self.say("the person has a weight of 0 in the pool", "此人在分红池中的权重为 0")
            }
            Trace { unreached: true, .. } => {
                self.say("the volume is below the first step", "业绩未达到第一档")
            }
            _ => reason.sentence(self.language),
        }
    }

    /// The rule, the line and the level.
    fn place(&self) -> String {
        let Trace { rule, line, level, source, .. } = self.slot;
        let line = line.as_ref().map_or_else(
            || self.say("whole order", "整单").to_owned(),
            |line| self.say(format!("line {line}"), format!("明细 {line}")),
        );
        let level = match level {
            0 => String::new(),
            level => self.say(format!(" · level {level}"), format!(" · 第 {level} 级")),
        };
        let source = source.as_ref().map_or_else(String::new, |who| {
            self.say(format!(" · after what {who} gets"), format!(" · 因 {who} 的所得"))
        });
        format!("{rule} · {line}{level}{source}")
    }

    /// The accounts of an amount that a rule splits; nothing where all of it is cash.
    fn accounts(&self) -> String {
        if let [Row { account, .. }] = self.parts {
            if account == super::CASH {
                return String::new();
            }
        }
        let parts = self.parts.iter().map(|row| format!("{} {}", row.account, self.money(row.amount)));
        let parts: Vec<String> = parts.collect();
        self.say(format!(" ({})", parts.join(", ")), format!("（{}）", parts.join("、")))
    }

    /// How the amount came about, less what caps cut.
    fn calculation(&self) -> String {
        let cut = |slot: &&Trace| {
            let (money, why) = (self.money(slot.amount), self.why(slot));
            self.say(format!(" − {money} retained {why}"), format!(" − 留存 {money}（{why}）"))
        };
        self.before_caps() + &self.cuts.iter().map(cut).collect::<String>()
    }

    fn before_caps(&self) -> String {
        let Trace { rate, base, below, part, terms, .. } = self.slot;
        let entitled = match (terms.as_slice(), rate) {
            ([], Pay::Share(rate)) => format!("{rate} × {}{}", self.money(*base), self.one_by_one()),
            ([], Pay::PerUnit(minor)) => {
                let minor = self.money(i64::from(*minor));
                self.say(format!("{minor} per unit"), format!("每件 {minor}"))
            }
            (terms, _) => terms.iter().map(|term| self.term(*term)).collect::<Vec<_>>().join(" + "),
        };
        if let Some((weight, all)) = part {
            return self
                .say(format!("{weight}/{all} of {entitled}"), format!("{entitled} 的 {weight}/{all}"));
        }
        if *below == 0 {
            return entitled;
        }
        let below = self.money(*below);
        self.say(
            format!("{entitled} − {below} taken by nearer people"),
            format!("{entitled} − 更近的上级已拿 {below}"),
        )
    }

    fn one_by_one(&self) -> String {
        let Some(units) = self.slot.rounded_units else { return String::new() };
        self.say(format!(", rounded for each of {units} units"), format!("，{units} 件逐件取整"))
    }

    /// `5% × 100.00`, or `3 units × 2.00`.
    fn term(&self, (rate, of): (Pay, i64)) -> String {
        match rate {
            Pay::Share(rate) => format!("{rate} × {}", self.money(of)),
            Pay::PerUnit(minor) => {
                let (minor, units) =
                    (self.money(i64::from(minor)), usize::try_from(of).unwrap_or(usize::MAX));
                self.say(format!("{} × {minor}", counted(units, "unit")), format!("{of} 件 × {minor}"))
            }
        }
    }

    fn money(&self, minor: i64) -> String {
        Money::new(minor, self.currency).to_string()
    }

    fn say<T>(&self, english: T, chinese: T) -> T {
        match self.language {
            Language::English => english,
            Language::Chinese => chinese,
        }
    }
}
