//! An outcome in sentences: one line a slot, for the people who ask why.

use super::outcome::{Outcome, Trace};
use super::reason::Language;
use crate::money::{Currency, Money};
use crate::sale::Pay;

impl Outcome {
    /// One line for people per slot: who got how much of what, or why nobody did.
    #[must_use]
    pub fn explain(&self, language: Language) -> Vec<String> {
        let currency = self.currency();
        self.trace().iter().map(|slot| Sentence { slot, currency, language }.line()).collect()
    }
}

/// One slot on its way into words.
struct Sentence<'a> {
    slot: &'a Trace,
    currency: Currency,
    language: Language,
}

impl Sentence<'_> {
    fn line(&self) -> String {
        let Trace { stands, payee, amount, reason, .. } = self.slot;
        let (place, calculation) = (self.place(), self.calculation());
        let who = stands.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string);
        let money = self.money(*amount);
        match (payee, reason) {
            (Some(payee), _) if Some(payee) != stands.as_ref() => {
                let from = self.say(format!(" (rolled up from {who})"), format!("（自 {who} 上卷）"));
                format!("{place}: {payee} {money} = {calculation}{from}")
            }
            (Some(payee), _) => format!("{place}: {payee} {money} = {calculation}"),
            (None, Some(reason)) if *amount == 0 => {
                format!("{place}: {who} {money} — {}", reason.sentence(self.language))
            }
            (None, Some(reason)) => {
                let kept = self.say("retained", "留存");
                format!("{place}: {who} {kept} {money} — {}", reason.sentence(self.language))
            }
            (None, None) => format!("{place}: {who}"),
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

    /// How the amount came about.
    fn calculation(&self) -> String {
        let Trace { rate, base, below, part, .. } = self.slot;
        let entitled = match rate {
            Pay::Share(rate) => format!("{rate} × {}", self.money(*base)),
            Pay::PerUnit(minor) => {
                let minor = self.money(i64::from(*minor));
                self.say(format!("{minor} per unit"), format!("每件 {minor}"))
            }
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
