//! A close in sentences: a line for each person and rule, paid or not, for those who ask why.

use super::close::{Closed, Pair};
use super::outcome::{PeriodRow, PeriodTrace, RuleOutcome};
use super::pairing::Legs;
use super::snapshot::Snapshot;
use crate::id::MemberId;
use crate::money::Money;
use crate::reward::commission::{Language, Reason, Retained};
use crate::reward::plan::{INCOME, LadderShape, Plan, Rule, Schedule};
use crate::sale::Pay;
use crate::words::counted;
use std::collections::BTreeMap;

/// How many slots of one person a line lists.
const LISTED: usize = 3;

/// The components that are money; any other name is a volume.
const MONEY: [&str; 10] =
    ["paid", "list", "member", "cost", "margin", "shipping", "tax", "points", "income", "added_tax"];

impl Closed {
    /// One line for people per member and rule: who got how much of what, or why nobody did; then what nobody
    /// stands for, what each rule came to, and what late sales and refunds change. With `only`, the lines of
    /// one member.
    #[must_use]
    pub fn explain(
        &self,
        plan: &Plan,
        snapshot: &Snapshot,
        only: Option<&MemberId>,
        language: Language,
    ) -> Vec<String> {
        let speech = Speech { plan, language, payees: self.payees() };
        let mut told = BTreeMap::<&MemberId, Vec<String>>::new();
        for outcome in &self.outcomes {
            let Some(at) = plan.rules().iter().position(|rule| rule.id == outcome.rule) else { continue };
            let pairs = self.pairs.iter().filter(|pair| pair.rule == at);
            let pairs: BTreeMap<&MemberId, &Pair> = pairs.map(|pair| (&pair.member, pair)).collect();
            for (member, slots) in by_person(outcome, &pairs) {
                let line = speech.line(&plan.rules()[at], member, &slots, pairs.get(member).copied());
                told.entry(member).or_default().push(line);
            }
        }
        let mut members: Vec<usize> = (1..snapshot.len()).collect();
        members.sort_unstable_by_key(|at| snapshot.place(*at));
        let mut lines = Vec::new();
        for member in members.into_iter().map(|at| snapshot.member(at)) {
            if only.is_none_or(|only| *only == member) {
                lines.extend(told.remove(&member).unwrap_or_else(|| vec![speech.nothing(&member)]));
            }
        }
        for adjustment in &self.adjustments {
            let rows = adjustment.rows.iter();
            let of_whom = rows.filter(|row| only.is_none_or(|only| row.payee == *only));
            lines.extend(of_whom.map(|row| {
                let (money, period) = (speech.money(row.amount), adjustment.period);
                let place = format!("{} · {}{}{money}", row.payee, row.rule, speech.colon());
                speech.say(
                    format!("{place} — late sales and refunds of {period}"),
                    format!("{place} — {period} 补记的销售与退款"),
                )
            }));
        }
        if only.is_none() {
            lines.extend(self.outcomes.iter().flat_map(|outcome| speech.sums(outcome)));
        }
        lines
    }

    /// Who is paid by each row, and by which rule.
    fn payees(&self) -> BTreeMap<&str, (&str, &MemberId)> {
        let rows =
            self.outcomes.iter().flat_map(|outcome| outcome.rows.iter().map(move |row| (outcome, row)));
        rows.map(|(outcome, row)| (row.key.as_str(), (outcome.rule.as_str(), &row.payee))).collect()
    }
}

/// A slot and the rows that its amount is paid in.
#[derive(Clone, Copy)]
struct Slot<'a> {
    trace: &'a PeriodTrace,
    rows: &'a [PeriodRow],
}

/// The slots at which each person stands or is paid, and those whose legs moved without a slot.
fn by_person<'a>(
    outcome: &'a RuleOutcome,
    pairs: &BTreeMap<&'a MemberId, &Pair>,
) -> BTreeMap<&'a MemberId, Vec<Slot<'a>>> {
    let mut people: BTreeMap<&MemberId, Vec<Slot<'a>>> =
        pairs.keys().map(|member| (*member, Vec::new())).collect();
    // Rows stand in the order of the slots they are paid for.
    let mut rest = outcome.rows.as_slice();
    for trace in &outcome.trace {
        let mut left = if trace.payee.is_some() { trace.amount } else { 0 };
        let within = |row: &&PeriodRow| {
            let more = left > 0;
            left -= row.amount;
            more
        };
        let (rows, further) = rest.split_at(rest.iter().take_while(within).count());
        rest = further;
        let stands = trace.stands.as_ref();
        let payee = trace.payee.as_ref().filter(|payee| Some(*payee) != stands);
        for member in stands.into_iter().chain(payee) {
            people.entry(member).or_default().push(Slot { trace, rows });
        }
    }
    people
}

/// How things are said.
struct Speech<'a> {
    plan: &'a Plan,
    language: Language,
    payees: BTreeMap<&'a str, (&'a str, &'a MemberId)>,
}

impl Speech<'_> {
    /// What one member gets by one rule.
    fn line(&self, rule: &Rule, member: &MemberId, slots: &[Slot<'_>], pair: Option<&Pair>) -> String {
        let place = format!("{member} · {}{}", rule.id, self.colon());
        let legs = pair.map_or_else(String::new, |pair| self.legs(pair));
        match slots {
            [] => format!(
                "{place}{} — {}{legs}",
                self.say("nothing", "无"),
                self.say("no whole pair", "不足一对")
            ),
            [slot] => format!("{place}{}{legs}", self.slot(rule, member, *slot)),
            several => {
                let paid = several.iter().map(|slot| slot.trace).filter(|slot| pays(slot, member));
                let paid: i64 = paid.map(|slot| slot.amount).sum();
                let listed: Vec<String> =
                    several.iter().take(LISTED).map(|slot| self.slot(rule, member, *slot)).collect();
                let more = several.len().saturating_sub(LISTED);
                let more = match more {
                    0 => String::new(),
                    more => self.say(format!("; and {more} more"), format!("；另有 {more} 项")),
                };
                let (money, count) = (self.money(paid), several.len());
                let sum =
                    self.say(format!("{money} in {count} places"), format!("共 {count} 项，合计 {money}"));
                format!("{place}{sum}{}{}{more}{legs}", self.colon(), listed.join(self.say("; ", "；")))
            }
        }
    }

    /// One slot: an amount and how it came about, or why there is none.
    fn slot(&self, rule: &Rule, member: &MemberId, Slot { trace: slot, rows }: Slot<'_>) -> String {
        let money = self.money(slot.amount);
        let of = self.source(rule, member, slot);
        let Some(payee) = &slot.payee else {
            let reason = slot.reason.unwrap_or(Reason::Rounding);
            let said = match slot.amount {
                0 => format!("{} — {}", self.say("nothing", "无"), self.smallness(rule, slot, reason)),
                amount => self.kept(amount, reason),
            };
            return format!("{said}{of}");
        };
        let calculation = self.calculation(rule, slot);
        // What caps cut is a part of the sum; where there is none it is told behind all else.
        let cut = slot.cut.iter().map(|cut| self.cut(cut)).collect::<String>();
        let (within, behind) = match (calculation.starts_with(" = "), slot.cut.as_slice()) {
            (true, _) => (cut, String::new()),
            (false, cuts) => {
                let told = cuts
                    .iter()
                    .map(|cut| self.say("; ", "；").to_owned() + &self.kept(cut.amount, cut.reason));
                (String::new(), told.collect())
            }
        };
        if !pays(slot, member) {
            let nothing = self.say("nothing", "无");
            let said = format!("{money}{calculation}{within}{of}");
            return self.say(
                format!("{nothing} — {said} goes to {payee}{behind}"),
                format!("{nothing} — {said}，归 {payee}{behind}"),
            );
        }
        let from = slot.stands.as_ref().filter(|stands| *stands != payee);
        let from = from.map_or_else(String::new, |from| {
            self.say(format!(" (rolled up from {from})"), format!("（自 {from} 上卷）"))
        });
        format!("{money}{}{calculation}{within}{of}{from}{behind}", self.accounts(rule, rows))
    }

    /// The accounts of an amount that a rule splits.
    fn accounts(&self, rule: &Rule, rows: &[PeriodRow]) -> String {
        if rule.split.is_none() || rows.is_empty() {
            return String::new();
        }
        let parts = rows.iter().map(|row| format!("{} {}", row.account, self.money(row.amount)));
        let parts: Vec<String> = parts.collect();
        self.say(format!(" ({})", parts.join(", ")), format!("（{}）", parts.join("、")))
    }

    /// `− 0.30 CNY retained above the cap of this person`.
    fn cut(&self, cut: &Retained) -> String {
        let (money, why) = (self.money(cut.amount), cut.reason.sentence(self.language));
        self.say(format!(" − {money} retained {why}"), format!(" − 留存 {money}（{why}）"))
    }

    /// Why there is nothing; a ladder whose first step is not reached gives nothing to round, nor does a team
    /// whose teams below have it all.
    fn smallness(&self, rule: &Rule, slot: &PeriodTrace, reason: Reason) -> &'static str {
        let unreached = matches!(slot.rate, Pay::Share(rate) if rate.is_zero());
        match (&rule.pay, reason) {
            (Schedule::Ladder(ladder), Reason::Rounding) if ladder.shape.is_polynomial() && unreached => {
                self.say("there is no volume at the root of the tree", "树根没有业绩")
            }
            (Schedule::Ladder(_), Reason::Rounding) if unreached => {
                self.say("the volume is below the first step", "业绩未达到第一档")
            }
            (Schedule::Ladder(_), Reason::Rounding) if slot.below > 0 => {
                self.say("the teams below have all of it", "全部已由下级团队取得")
            }
            _ => reason.sentence(self.language),
        }
    }

    fn kept(&self, amount: i64, reason: Reason) -> String {
        let money = self.money(amount);
        let sentence = reason.sentence(self.language);
        self.say(format!("{money} retained — {sentence}"), format!("留存 {money} — {sentence}"))
    }

    /// `= 21% × 6000.00 − 702.00 for the teams below`; nothing where rates and bases do not say it.
    fn calculation(&self, rule: &Rule, slot: &PeriodTrace) -> String {
        let Pay::Share(rate) = slot.rate else {
            let Pay::PerUnit(minor) = slot.rate else { return String::new() };
            return self.by_unit(minor.into(), slot);
        };
        let base = self.base(rule, slot.base);
        let entitled = match &rule.pay {
            Schedule::Ladder(ladder) if ladder.shape.is_polynomial() => {
                // What is below and what caps cut are parts of it, which fits.
                let cut = slot.cut.iter().fold(slot.below, |sum, cut| sum.saturating_add(cut.amount));
                let whole = self.money(slot.amount.saturating_add(cut));
                self.say(format!("{whole} by the polynomial of {base}"), format!("{base} 按多项式得 {whole}"))
            }
            Schedule::Ladder(ladder) if matches!(ladder.shape, LadderShape::Marginal(_)) => {
                let parts = ladder.shape.marginal(slot.base).map(|(rate, part)| {
                    // The close paid it, so it fits.
                    let rate = rule.round.rate(rate).unwrap_or(rate);
                    format!("{rate} × {}", self.base(rule, part))
                });
                parts.collect::<Vec<_>>().join(" + ")
            }
            _ => format!("{rate} × {base}"),
        };
        match (&rule.pay, slot.below) {
            // Several ratios and caps: the pairs say it.
            (Schedule::Pairing(_), _) => String::new(),
            (Schedule::Share(_), _) => {
                self.say(format!(", a part of {entitled}"), format!("，{entitled} 的一份"))
            }
            (Schedule::Ladder(_), 0) => format!(" = {entitled}"),
            (Schedule::Ladder(_), below) => {
                let below = self.money(below);
                self.say(
                    format!(" = {entitled} − {below} for the teams below"),
                    format!(" = {entitled} − 下级团队已得 {below}"),
                )
            }
            (_, 0) => format!(" = {entitled}"),
            (_, below) => {
                let below = self.money(below);
                self.say(
                    format!(" = {entitled} − {below} taken by nearer people"),
                    format!(" = {entitled} − 更近的上级已拿 {below}"),
                )
            }
        }
    }

    /// `= 3 units × 2.00`: as many units as the amount and what was taken of it say.
    fn by_unit(&self, minor: i64, slot: &PeriodTrace) -> String {
        let whole = slot.cut.iter().fold(slot.amount.saturating_add(slot.below), |sum, cut| {
            // A part of what fits.
            sum.saturating_add(cut.amount)
        });
        let each = self.money(minor);
        let units = whole.checked_div(minor).and_then(|units| usize::try_from(units).ok()).unwrap_or(0);
        let below = match slot.below {
            0 => String::new(),
            below => {
                let below = self.money(below);
                self.say(format!(" − {below} taken by nearer people"), format!(" − 更近的上级已拿 {below}"))
            }
        };
        self.say(
            format!(" = {} × {each}{below}", counted(units, "unit")),
            format!(" = {units} 件 × {each}{below}"),
        )
    }

    /// The base as money, or as what is counted.
    fn base(&self, rule: &Rule, base: i64) -> String {
        let name = rule.of.base.as_str();
        if MONEY.contains(&name) || name == INCOME { self.money(base) } else { format!("{base} {name}") }
    }

    /// Of whom, and at which level, where that is not the member's own volume.
    fn source(&self, rule: &Rule, member: &MemberId, slot: &PeriodTrace) -> String {
        let Some(source) = slot.source.as_deref() else { return String::new() };
        let level = match (&rule.pay, slot.level) {
            (_, 0) | (Schedule::Ladder(_) | Schedule::Pairing(_) | Schedule::Share(_), _) => String::new(),
            (_, level) => self.say(format!("level {level}, "), format!("第 {level} 级，")),
        };
        if let Some((rule, payee)) = self.payees.get(source) {
            let what = self.say(format!("what {payee} gets by {rule}"), format!("{payee} 的 {rule} 所得"));
            return self.say(format!(" ({level}{what})"), format!("（{level}{what}）"));
        }
        if source == member.as_str() {
            return String::new();
        }
        self.say(format!(" ({level}sold by {source})"), format!("（{level}{source} 的业绩）"))
    }

    /// What became of the legs.
    fn legs(&self, pair: &Pair) -> String {
        let matched = &pair.matched;
        let both = |legs: Legs| format!("{}/{}", legs.left, legs.right);
        let (used, waits) = (both(matched.consumed), both(matched.carried));
        let pairs = matched.pairs;
        let mut said = self.say(
            format!("; pairs {pairs}: {used} of the legs used, {waits} waits"),
            format!("；对碰 {pairs} 对：消耗 {used}，结转 {waits}"),
        );
        if !matched.flushed.is_empty() {
            let lost = both(matched.flushed);
            said += &self.say(format!(", {lost} is lost"), format!("，清零 {lost}"));
        }
        said
    }

    fn nothing(&self, member: &MemberId) -> String {
        self.say(
            format!("{member}: nothing — no rule of the period pays this person"),
            format!("{member}：无 — 本期没有规则向此人支付"),
        )
    }

    /// What nobody stands for, by reason, and what the rule came to.
    fn sums(&self, outcome: &RuleOutcome) -> Vec<String> {
        let mut nobody = BTreeMap::<Reason, i64>::new();
        for slot in outcome.trace.iter().filter(|slot| slot.stands.is_none() && slot.amount != 0) {
            // A part of the pool, which fits.
            *nobody.entry(slot.reason.unwrap_or(Reason::NoPayee)).or_default() += slot.amount;
        }
        let who = self.say("nobody", "无人");
        let mut lines: Vec<String> = nobody
            .into_iter()
            .map(|(reason, amount)| {
                format!("{who} · {}{}{}", outcome.rule, self.colon(), self.kept(amount, reason))
            })
            .collect();
        let paid: i64 = outcome.rows.iter().map(|row| row.amount).sum();
        let retained: i64 = outcome.retained.iter().map(|entry| entry.amount).sum();
        let (pool, paid, retained) = (self.money(outcome.pool), self.money(paid), self.money(retained));
        let rule = &outcome.rule;
        lines.push(self.say(
            format!("{rule}: pool {pool} = paid {paid} + retained {retained}"),
            format!("{rule}：分润池 {pool} = 发放 {paid} + 留存 {retained}"),
        ));
        lines
    }

    fn colon(&self) -> &'static str {
        self.say(": ", "：")
    }

    fn money(&self, minor: i64) -> String {
        Money::new(minor, self.plan.currency()).to_string()
    }

    fn say<T>(&self, english: T, chinese: T) -> T {
        match self.language {
            Language::English => english,
            Language::Chinese => chinese,
        }
    }
}

fn pays(slot: &PeriodTrace, member: &MemberId) -> bool {
    slot.payee.as_ref().is_some_and(|payee| payee == member)
}
