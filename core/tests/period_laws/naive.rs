//! The second opinion on a close: written from `docs/reference/period.md`, slow and plain. Every sum over a
//! team asks every member who stands above them; amounts are big integers, rates big rationals.
//!
//! [`Slip`] plants the mistakes that the laws must find.

use crate::answer::{Answer, Legs, Outcome, Paired, Row};
use crate::case::{Cap, Case, Member, Pay, Rule};
use crate::number::{Q, big, round, whole};
use crate::slips::Slip;
use fenrun::doc::short_hash;
use num_bigint::BigInt;
use std::collections::BTreeMap;

/// The interpreter: honest, or with one planted mistake.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Naive(pub(crate) Option<Slip>);

impl Naive {
    pub(crate) const HONEST: Self = Self(None);

    pub(crate) fn slips(self, slip: Slip) -> bool {
        self.0 == Some(slip)
    }
}

/// What one source offers to one slot.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    /// What orders slots: the source's place, the level, who stands there.
    pub(crate) place: usize,
    pub(crate) level: i64,
    pub(crate) stands: u64,
    pub(crate) payee: Option<u64>,
    pub(crate) amount: BigInt,
    pub(crate) reason: &'static str,
    pub(crate) cut: Vec<(&'static str, BigInt)>,
}

impl Slot {
    pub(crate) fn paid(&self) -> BigInt {
        if self.payee.is_some() { self.amount.clone() } else { big(0) }
    }
}

/// Whose volume, or whose row, is shared out.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    pub(crate) member: u64,
    /// Whose volumes are read; 0 for nobody's.
    pub(crate) origin: u64,
    pub(crate) from: String,
    pub(crate) base: BigInt,
}

/// A rule at work.
pub(crate) struct Job<'a> {
    pub(crate) who: Naive,
    pub(crate) case: &'a Case,
    pub(crate) rule: &'a Rule,
    pub(crate) sources: Vec<Source>,
    pub(crate) volumes: &'a BTreeMap<u64, (i64, i64)>,
}

pub(crate) fn share_of(rate: i64, base: &BigInt) -> Q {
    Q::new(big(rate), big(10_000)) * whole(base.clone())
}

impl Naive {
    /// Rates as they are paid.
    fn round_rates(self, rule: &mut Rule) {
        let walks = matches!(rule.pay, Pay::Levels { .. } | Pay::Differential { .. });
        let unread = self.slips(Slip::DecimalsForgotten) || self.slips(Slip::DecimalsOfWalksOnly) && !walks;
        let Some(decimals) = rule.decimals.filter(|_| !unread) else { return };
        let step = 10_i64.pow(4 - decimals);
        for rate in rule.pay.rates() {
            let steps = round(&Q::new(big(*rate), big(step)), rule.mode);
            *rate = i64::try_from(steps).expect("small") * step;
        }
    }

    pub(crate) fn close(self, case: &Case) -> Result<Answer, String> {
        let mut spoilt = self.read(case);
        spoilt.rules.iter_mut().for_each(|rule| self.round_rates(rule));
        let case = &spoilt;
        let volumes = case.volumes();
        if volumes.values().any(|(pv, bv)| *pv < 0 || *bv < 0) {
            return Err("over_reversed".into());
        }
        let mut done: Vec<(Job<'_>, Vec<Slot>, BigInt)> = Vec::new();
        let mut pairs = Vec::new();
        let mut waiting: BTreeMap<(String, u64), Legs> =
            case.waiting.iter().map(|(rule, member, l, r)| ((rule.clone(), *member), (*l, *r))).collect();
        let mut used: BTreeMap<(String, u64), BigInt> =
            case.used.iter().map(|(rule, payee, amount)| ((rule.clone(), *payee), big(*amount))).collect();
        for rule in &case.rules {
            let sources = match &rule.after {
                None => self.members(case, rule, &volumes),
                Some(after) => rows_of(case, rule, after, &done, &volumes),
            };
            let job = Job { who: self, case, rule, sources, volumes: &volumes };
            let (mut slots, pool) = job.slots(&mut waiting, &mut pairs);
            slots.sort_by_key(|slot| (slot.place, slot.level, slot.stands));
            let before: BTreeMap<_, _> = used.clone();
            self.caps(&rule.id, &rule.caps, &mut slots.iter_mut().collect::<Vec<_>>(), &before, &mut used);
            done.push((job, slots, pool));
        }
        let before = used.clone();
        let mut all: Vec<&mut Slot> = done.iter_mut().flat_map(|(_, slots, _)| slots.iter_mut()).collect();
        self.caps("", &case.plan_caps, &mut all, &before, &mut used);
        let outcomes = done.iter().map(|(job, slots, pool)| job.outcome(slots, pool)).collect();
        waiting.retain(|_, legs| *legs != (0, 0));
        let used = used.into_iter().filter(|(_, amount)| *amount != big(0)).collect();
        Ok(self.write(case, Answer { outcomes, pairs, waiting, used, adjustments: Vec::new() }))
    }

    /// Every member with the base they have as a source, by id.
    fn members(self, case: &Case, rule: &Rule, volumes: &BTreeMap<u64, (i64, i64)>) -> Vec<Source> {
        let mut members: Vec<&Member> = case.members.iter().collect();
        if !self.slips(Slip::OrderOfTheList) {
            members.sort_by_key(|member| member.id);
        }
        let source = |member: &Member| {
            let (pv, bv) = volumes.get(&member.id).copied().unwrap_or_default();
            let applies = rule.least.is_none_or(|least| pv >= least) || self.slips(Slip::WhenForgotten);
            let base = if !applies {
                0
            } else if rule.of == "pv" {
                pv
            } else {
                bv
            };
            let origin = if applies { member.id } else { 0 };
            Source { member: member.id, origin, from: String::new(), base: big(base) }
        };
        members.into_iter().map(source).collect()
    }

    /// One cap after the other, then what was let through is counted for the month.
    fn caps(
        self,
        rule: &str,
        caps: &[Cap],
        slots: &mut [&mut Slot],
        before: &BTreeMap<(String, u64), BigInt>,
        used: &mut BTreeMap<(String, u64), BigInt>,
    ) {
        if self.slips(Slip::CapForgotten) {
            return;
        }
        for cap in caps {
            for (nth, payee) in payees(cap, slots).into_iter().enumerate() {
                if nth > 0 && self.slips(Slip::CapFirstPayee) {
                    break;
                }
                let past = before.get(&(rule.to_owned(), payee)).filter(|_| cap.every == "month");
                let past = past.filter(|_| !self.slips(Slip::UsedForgotten));
                let limit = big(cap.limit) + big(i64::from(self.slips(Slip::CapOneMore)));
                let mut room = (limit - past.cloned().unwrap_or_default()).max(big(0));
                let mut mine: Vec<&mut &mut Slot> =
                    slots.iter_mut().filter(|slot| counts(cap, slot, payee)).collect();
                let sum: BigInt = mine.iter().map(|slot| slot.paid()).sum();
                if sum <= room {
                    continue;
                }
                let reason = match (cap.over, cap.per) {
                    ("flush", _) => "flush",
                    (_, "payee") => "cap_payee",
                    (_, "rule") => "cap_rule",
                    _ => "cap_plan",
                };
                let mut shares = Vec::new();
                if cap.over == "scale" {
                    let weights: Vec<_> = mine.iter().map(|slot| slot.paid()).collect();
                    let ties: Vec<u64> = (0..).take(weights.len()).collect();
                    shares = divide(&room, &weights, &ties);
                }
                if self.slips(Slip::CapCutsFirst) {
                    mine.reverse();
                }
                for (at, slot) in mine.into_iter().enumerate() {
                    let stays =
                        shares.get(at).cloned().unwrap_or_else(|| slot.amount.clone().min(room.clone()));
                    if !self.slips(Slip::CapPerAmount) {
                        room -= &stays;
                    }
                    let above = &slot.amount - &stays;
                    if above > big(0) {
                        slot.cut.push((reason, if self.slips(Slip::CutLost) { big(0) } else { above }));
                        slot.amount = stays;
                    }
                }
            }
        }
        let mut seen = Vec::new();
        for cap in caps.iter().filter(|cap| cap.every == "month") {
            for payee in
                payees(cap, slots).into_iter().filter(|payee| !seen.contains(payee)).collect::<Vec<_>>()
            {
                let sum: BigInt =
                    slots.iter().filter(|slot| counts(cap, slot, payee)).map(|slot| slot.paid()).sum();
                *used.entry((rule.to_owned(), payee)).or_default() += sum;
                seen.push(payee);
            }
        }
    }
}

fn payees(cap: &Cap, slots: &[&mut Slot]) -> Vec<u64> {
    let mut payees: Vec<u64> = match cap.per {
        "payee" => slots.iter().filter_map(|slot| slot.payee).collect(),
        _ => vec![0],
    };
    payees.sort_unstable();
    payees.dedup();
    payees
}

fn counts(cap: &Cap, slot: &Slot, payee: u64) -> bool {
    slot.payee.is_some_and(|own| cap.per != "payee" || own == payee)
}

/// Largest remainders; ties go to the lower id.
pub(crate) fn divide(total: &BigInt, weights: &[BigInt], ids: &[u64]) -> Vec<BigInt> {
    let sum: BigInt = weights.iter().sum();
    let mut parts: Vec<BigInt> = weights.iter().map(|weight| total * weight / &sum).collect();
    let mut order: Vec<usize> = (0..weights.len()).filter(|at| weights[*at] > big(0)).collect();
    order.sort_by_key(|at| (-(total * &weights[*at] % &sum), ids[*at]));
    let mut left = total - parts.iter().sum::<BigInt>();
    for at in order {
        if left > big(0) {
            parts[at] += 1;
            left -= 1;
        }
    }
    parts
}

/// Every amount that a rule pays.
fn rows_of(
    case: &Case,
    rule: &Rule,
    after: &str,
    done: &[(Job<'_>, Vec<Slot>, BigInt)],
    volumes: &BTreeMap<u64, (i64, i64)>,
) -> Vec<Source> {
    let (job, slots, _) = done.iter().find(|(job, ..)| job.rule.id == after).expect("the rule before");
    let mut sources = Vec::new();
    for slot in slots {
        let Some(payee) = slot.payee.filter(|_| slot.amount > big(0)) else { continue };
        let pv = |member: u64| volumes.get(&member).copied().unwrap_or_default();
        if rule.least.is_some_and(|least| pv(payee).0 < least) {
            continue;
        }
        let origin = job.sources.get(slot.place).map_or(0, |source| source.origin);
        let base = match rule.of {
            "income" => slot.amount.clone(),
            "pv" => big(pv(origin).0),
            _ => big(pv(origin).1),
        };
        sources.push(Source { member: payee, origin, from: job.key(slot, "cash"), base });
    }
    assert!(!case.members.is_empty());
    sources
}

impl Job<'_> {
    pub(crate) fn member(&self, id: u64) -> &Member {
        self.case.members.iter().find(|member| member.id == id).expect("a member")
    }

    pub(crate) fn above(&self, tree: &str, id: u64) -> u64 {
        let member = self.member(id);
        if tree == "placement" { member.parent } else { member.inviter }
    }

    /// Everybody above somebody, nearest first.
    pub(crate) fn upline(&self, tree: &str, id: u64) -> Vec<u64> {
        let mut upline = Vec::new();
        let mut at = self.above(tree, id);
        while at != 0 {
            upline.push(at);
            at = self.above(tree, at);
        }
        upline
    }

    pub(crate) fn qualifies(&self, id: u64) -> bool {
        self.rule.unqualified.is_none() || self.member(id).active || self.who.slips(Slip::QualifyForgotten)
    }

    pub(crate) fn rate_of_rank(&self, rates: &[i64], id: u64) -> i64 {
        self.member(id).rank.checked_sub(1).map_or(0, |at| rates[at])
    }

    pub(crate) fn round(&self, exact: &Q) -> BigInt {
        let amount = round(exact, if self.who.slips(Slip::CeilForFloor) { "ceil" } else { self.rule.mode });
        if !self.who.slips(Slip::SingleFloats) {
            return amount;
        }
        let float: f32 = amount.to_string().parse().expect("a float");
        format!("{float:.0}").parse().expect("a whole number")
    }

    /// An amount for somebody, unless it is too small.
    pub(crate) fn slot(
        &self,
        place: usize,
        level: i64,
        stands: u64,
        payee: Option<u64>,
        amount: BigInt,
    ) -> Slot {
        let small = amount < big(self.rule.min);
        let payee = payee.filter(|_| amount > big(0) && !small);
        let reason = if small { "below_minimum" } else { "ineligible" };
        Slot { place, level, stands, payee, amount, reason, cut: Vec::new() }
    }

    pub(crate) fn key(&self, slot: &Slot, account: &str) -> String {
        let source = self.sources.get(slot.place);
        let member = source.map_or(slot.stands, |source| source.member).to_string();
        let from = source.map_or("", |source| source.from.as_str());
        let level = if self.who.slips(Slip::KeyWithoutLevel) { "1".into() } else { slot.level.to_string() };
        short_hash(&[
            "fenrun.row/0",
            "period",
            "shop",
            self.case.day,
            &member,
            from,
            &self.rule.id,
            &level,
            account,
        ])
    }

    fn outcome(&self, slots: &[Slot], pool: &BigInt) -> Outcome {
        let mut outcome = Outcome { rule: self.rule.id.clone(), pool: pool.clone(), ..Outcome::default() };
        for slot in slots {
            if let Some(payee) = slot.payee {
                for (account, amount) in self.accounts(&slot.amount) {
                    if amount > big(0) {
                        let (key, level) = (self.key(slot, account), slot.level);
                        let source = self.sources.get(slot.place);
                        let source = source.map(|source| match source.from.as_str() {
                            "" => source.member.to_string(),
                            from => from.to_owned(),
                        });
                        let account = account.to_owned();
                        outcome.rows.push(Row { key, payee, amount, level, source, account });
                    }
                }
            } else if slot.amount != big(0) {
                *outcome.retained.entry(slot.reason.into()).or_default() += &slot.amount;
            }
            for (reason, amount) in &slot.cut {
                *outcome.retained.entry((*reason).into()).or_default() += amount;
            }
        }
        outcome.retained.retain(|_, amount| *amount != big(0));
        outcome
    }

    fn accounts(&self, amount: &BigInt) -> Vec<(&'static str, BigInt)> {
        let Some(cash) = self.rule.cash else { return vec![("cash", amount.clone())] };
        if self.who.slips(Slip::AccountsFloored) {
            return vec![("cash", amount * cash / 100), ("shop", amount * (100 - cash) / 100)];
        }
        let parts = divide(amount, &[big(cash), big(100 - cash)], &[0, 1]);
        ["cash", "shop"].into_iter().zip(parts).collect()
    }

    /// The volume of everybody below somebody and their own.
    pub(crate) fn team(&self, tree: &str, id: u64, of: impl Fn(&Source) -> BigInt) -> BigInt {
        let inside = |source: &&Source| {
            let beside =
                |other: u64| self.above(tree, id) != 0 && self.above(tree, other) == self.above(tree, id);
            self.who.slips(Slip::WholeForest)
                || (self.who.slips(Slip::SiblingsCount) && beside(source.member))
                || source.member == id && !self.who.slips(Slip::TeamWithoutSelf)
                || self.upline(tree, source.member).contains(&id)
                    && !(self.who.slips(Slip::DirectLegsOnly) && self.above(tree, source.member) != id)
        };
        self.sources.iter().filter(inside).map(of).sum()
    }

    pub(crate) fn by(&self, by: Option<&str>, source: &Source) -> BigInt {
        match by {
            None => source.base.clone(),
            Some(_) => big(self.volumes.get(&source.origin).copied().unwrap_or_default().0),
        }
    }

    fn slots(
        &self,
        waiting: &mut BTreeMap<(String, u64), Legs>,
        pairs: &mut Vec<Paired>,
    ) -> (Vec<Slot>, BigInt) {
        match &self.rule.pay {
            Pay::Levels { tree, limit, rates } => self.levels(tree, *limit, rates),
            Pay::Differential { rates } => self.differential(rates),
            Pay::Own { by, steps, marginal } => self.own(*by, steps, *marginal),
            Pay::Team { tree, by, steps, marginal } => self.teams(tree, |job, id, _| {
                let x = job.team(tree, id, |source| source.base.clone());
                let y = job.team(tree, id, |source| job.by(*by, source));
                job.worth(&x, &y, steps, *marginal)
            }),
            Pay::Lottery { parts } => self.teams("referral", |job, id, root| job.lottery(id, root, parts)),
            Pay::Pairing { ratios, unit, flush } => self.pairing(ratios, *unit, *flush, waiting, pairs),
            Pay::Share { rate, weights } => self.share(*rate, weights),
        }
    }
}
