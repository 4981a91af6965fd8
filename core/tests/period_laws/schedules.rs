//! What each schedule gives each slot.

use crate::answer::{Legs, Paired};
use crate::case::{Cap, Weights};
use crate::naive::{Job, Slot, Source, divide, share_of};
use crate::number::{Q, big, round, whole};
use crate::slips::Slip;
use num_bigint::BigInt;
use std::collections::BTreeMap;

impl Job<'_> {
    pub(crate) fn levels(&self, tree: &str, limit: i64, rates: &[i64]) -> (Vec<Slot>, BigInt) {
        let (mut slots, mut pool) = (Vec::new(), big(0));
        for (place, source) in self.sources.iter().enumerate().filter(|(_, source)| source.base > big(0)) {
            let upline = self.upline(tree, source.member);
            let upline: Vec<u64> =
                upline.into_iter().take(usize::try_from(limit).expect("a limit")).collect();
            let amounts: Vec<BigInt> =
                rates.iter().map(|rate| self.round(&share_of(*rate, &source.base))).collect();
            pool += amounts.iter().sum::<BigInt>();
            let compress = matches!(self.rule.unqualified, Some("compress" | "compress_by_level"));
            let row: Vec<u64> = match compress {
                true => upline.iter().copied().filter(|id| self.qualifies(*id)).collect(),
                false => upline.clone(),
            };
            let mut stopped = false;
            for (at, amount) in amounts.into_iter().enumerate() {
                let level = i64::try_from(at).expect("few") + 1;
                let Some(id) = row.get(at + usize::from(self.who.slips(Slip::LevelOffByOne))) else {
                    slots.push(self.kept(place, level, 0, amount, "no_upline"));
                    continue;
                };
                slots.push(if stopped {
                    self.kept(place, level, *id, amount, "blocked")
                } else if self.qualifies(*id) {
                    self.slot(place, level, *id, Some(*id), amount)
                } else {
                    stopped = self.rule.unqualified == Some("stop");
                    self.unqualified(place, level, *id, &row[at + 1..], amount)
                });
            }
        }
        (slots, pool)
    }

    fn kept(&self, place: usize, level: i64, stands: u64, amount: BigInt, reason: &'static str) -> Slot {
        Slot { place, level, stands, payee: None, amount, reason, cut: Vec::new() }
    }

    fn unqualified(&self, place: usize, level: i64, id: u64, later: &[u64], amount: BigInt) -> Slot {
        let next = later.iter().copied().find(|id| self.qualifies(*id));
        match next.filter(|_| self.rule.unqualified == Some("roll_up")) {
            Some(next) => self.slot(place, level, id, Some(next), amount),
            None => self.kept(place, level, id, amount, "ineligible"),
        }
    }

    pub(crate) fn differential(&self, rates: &[i64]) -> (Vec<Slot>, BigInt) {
        let (mut slots, mut pool) = (Vec::new(), big(0));
        let top = rates.iter().copied().max().unwrap_or(0);
        for (place, source) in self.sources.iter().enumerate().filter(|(_, source)| source.base > big(0)) {
            let worth = |rate: i64| self.round(&share_of(rate, &source.base));
            pool += worth(top);
            let compress = matches!(self.rule.unqualified, Some("compress" | "compress_by_level"));
            let upline = self.upline("referral", source.member);
            let row: Vec<u64> =
                upline.into_iter().take(64).filter(|id| !compress || self.qualifies(*id)).collect();
            let (mut height, mut stopped) = (0, false);
            for (at, id) in row.iter().enumerate() {
                let level = i64::try_from(at).expect("few") + 1;
                let next = height.max(self.rate_of_rank(rates, *id));
                let amount = worth(next) - worth(height);
                height =
                    if self.who.slips(Slip::MaximumReset) { self.rate_of_rank(rates, *id) } else { next };
                if self.qualifies(*id) {
                    slots.push(self.slot(place, level, *id, Some(*id), amount));
                } else {
                    slots.push(self.unqualified(place, level, *id, &row[at + 1..], amount));
                    stopped = self.rule.unqualified == Some("stop");
                    if stopped {
                        break;
                    }
                }
            }
            let reason = if row.is_empty() {
                "no_upline"
            } else if stopped {
                "blocked"
            } else {
                "unreached_rank"
            };
            slots.push(self.kept(place, 0, 0, worth(top) - worth(height), reason));
        }
        (slots, pool)
    }

    /// `Π` of a ladder, before rounding.
    pub(crate) fn worth(&self, x: &BigInt, y: &BigInt, steps: &[(i64, i64)], marginal: bool) -> Q {
        let reached =
            |from: i64| if self.who.slips(Slip::StepAbove) { *y > big(from) } else { *y >= big(from) };
        if !marginal {
            let rate = steps.iter().filter(|(from, _)| reached(*from)).map(|(_, rate)| *rate).next_back();
            return share_of(rate.unwrap_or(0), x);
        }
        let mut sum = whole(0);
        for (at, (from, rate)) in steps.iter().enumerate() {
            let to = steps.get(at + 1).map_or(x.clone(), |(next, _)| x.clone().min(big(*next)));
            sum += share_of(*rate, &(to - from).max(big(0)));
        }
        sum
    }

    pub(crate) fn own(&self, by: Option<&str>, steps: &[(i64, i64)], marginal: bool) -> (Vec<Slot>, BigInt) {
        let (mut slots, mut pool) = (Vec::new(), big(0));
        for (place, source) in self.sources.iter().enumerate() {
            let amount = self.round(&self.worth(&source.base, &self.by(by, source), steps, marginal));
            pool += &amount;
            let payee = Some(source.member).filter(|id| self.qualifies(*id));
            slots.push(self.judged(self.slot(place, 1, source.member, payee, amount)));
        }
        (slots, pool)
    }

    /// An amount that is too small is kept as such, unless its owner does not qualify anyway.
    fn judged(&self, slot: Slot) -> Slot {
        let reason = if self.qualifies(slot.stands) { slot.reason } else { "ineligible" };
        Slot { reason, ..slot }
    }

    pub(crate) fn lottery(&self, id: u64, root: u64, parts: &[i64]) -> Q {
        let x = self.team("referral", id, |source| source.base.clone());
        let all = self.team("referral", root, |source| source.base.clone());
        if all == big(0) {
            return whole(0);
        }
        let fraction = Q::new(x.clone(), all);
        let mut power = whole(x);
        let mut sum = whole(0);
        for part in parts {
            sum += Q::new(big(*part), big(10_000)) * &power;
            power *= &fraction;
        }
        sum
    }

    /// Teams: what each is entitled to, less what the nearest teams below are.
    pub(crate) fn teams(&self, tree: &str, worth: impl Fn(&Self, u64, u64) -> Q) -> (Vec<Slot>, BigInt) {
        let (mut slots, mut pool) = (Vec::new(), big(0));
        let compress = matches!(self.rule.unqualified, Some("compress" | "compress_by_level"));
        let present = |id: u64| !compress || self.qualifies(id);
        let entitled = |id: u64| {
            let root = self.upline(tree, id).last().copied().unwrap_or(id);
            self.round(&worth(self, id, root))
        };
        for (place, source) in self.sources.iter().enumerate().filter(|(_, source)| present(source.member)) {
            let id = source.member;
            let upline = self.upline(tree, id);
            if !upline.iter().any(|up| present(*up)) {
                pool += entitled(id);
            }
            let directly = |below: &&Source| {
                let nearest = self.upline(tree, below.member).into_iter().find(|up| present(*up));
                present(below.member) && nearest == Some(id)
            };
            let below: BigInt =
                self.sources.iter().filter(directly).map(|below| entitled(below.member)).sum();
            let below = if self.who.slips(Slip::ChildrenKept) { big(0) } else { below };
            let amount = entitled(id) - below;
            let up = upline.iter().copied().find(|up| self.qualifies(*up));
            let payee = match (self.qualifies(id), self.rule.unqualified) {
                (true, _) => Some(id),
                (false, Some("roll_up")) => up,
                _ => None,
            };
            let slot = self.slot(place, 1, id, payee, amount);
            slots.push(if payee == Some(id) || slot.payee.is_some() { slot } else { self.judged(slot) });
        }
        (slots, pool)
    }

    pub(crate) fn share(&self, rate: i64, weights: &Weights) -> (Vec<Slot>, BigInt) {
        let bases: BigInt = self.sources.iter().map(|source| source.base.clone()).sum();
        let pool = round(&share_of(rate, &bases), "down");
        let compress = self.rule.unqualified == Some("compress");
        let mut ids: Vec<u64> = self.case.members.iter().map(|member| member.id).collect();
        if !self.who.slips(Slip::OrderOfTheList) {
            ids.sort_unstable();
        }
        ids.retain(|id| self.member(*id).rank > 0 && (!compress || self.qualifies(*id)));
        let weight = |id: &u64| match weights {
            Weights::Equal => big(1),
            Weights::Points => big(self.member(*id).points),
            Weights::Ranks(weights) => big(weights[self.member(*id).rank - 1]),
        };
        ids.retain(|id| weight(id) > big(0));
        let weights: Vec<BigInt> = ids.iter().map(weight).collect();
        if ids.is_empty() {
            return (vec![self.kept(usize::MAX, 0, 0, pool.clone(), "no_payee")], pool);
        }
        let ties: Vec<u64> = match self.who.slips(Slip::OrderOfTheList) {
            true => (0..).take(ids.len()).collect(),
            false => ids.clone(),
        };
        let mut parts = divide(&pool, &weights, &ties);
        if self.who.slips(Slip::RemainderDropped) {
            let sum: BigInt = weights.iter().sum();
            parts = weights.iter().map(|weight| &pool * weight / &sum).collect();
        }
        let slot = |(id, amount): (&u64, BigInt)| {
            let payee = Some(*id).filter(|id| self.qualifies(*id));
            self.judged(self.slot(usize::MAX, 1, *id, payee, amount))
        };
        (ids.iter().zip(parts).map(slot).collect(), pool)
    }

    pub(crate) fn pairing(
        &self,
        ratios: &[(i64, i64, i64)],
        unit: i64,
        flush: bool,
        waiting: &mut BTreeMap<(String, u64), Legs>,
        pairs: &mut Vec<Paired>,
    ) -> (Vec<Slot>, BigInt) {
        let (mut slots, mut pool) = (Vec::new(), big(0));
        for (place, source) in self.sources.iter().enumerate() {
            let leg = |leg: i64| {
                let below = self
                    .case
                    .members
                    .iter()
                    .find(|member| (member.parent, member.leg) == (source.member, leg));
                let volume = below
                    .map_or(big(0), |below| self.team("placement", below.id, |source| source.base.clone()));
                i64::try_from(volume).expect("small")
            };
            let (waited, came) =
                (waiting.remove(&(self.rule.id.clone(), source.member)).unwrap_or((0, 0)), (leg(1), leg(2)));
            if waited == (0, 0) && came == (0, 0) {
                continue;
            }
            let waits = if self.who.slips(Slip::CarryForgotten) { (0, 0) } else { waited };
            let qualified = self.qualifies(source.member);
            let cap = self.rule.caps.iter().find(|cap| qualified && matches!(cap.over, "flush" | "carry"));
            let match_ = Match { job: self, ratios, unit, flush, cap, payee: source.member };
            let mut paired = match_.run((waits.0 + came.0, waits.1 + came.1));
            (paired.rule, paired.member) = (self.rule.id.clone(), source.member);
            (paired.waited, paired.came) = (waited, came);
            waiting.insert((self.rule.id.clone(), source.member), paired.carried);
            let (reached, paid) = (paired.reached.clone(), paired.paid.clone());
            pool += &reached;
            let payee = Some(source.member).filter(|_| qualified);
            let mut slot = self.judged(self.slot(place, 1, source.member, payee, reached.clone()));
            if qualified && paid < reached {
                slot.amount = paid.clone();
                slot.cut.push(("flush", reached - paid));
            }
            slots.push(slot);
            pairs.push(paired);
        }
        (slots, pool)
    }
}

/// The legs of one member, matched pair by pair.
struct Match<'a, 'b> {
    job: &'a Job<'b>,
    ratios: &'a [(i64, i64, i64)],
    unit: i64,
    flush: bool,
    cap: Option<&'a Cap>,
    payee: u64,
}

impl Match<'_, '_> {
    /// What the cap leaves of the month.
    fn room(&self) -> Option<Q> {
        let cap = self.cap?;
        let used = self
            .job
            .case
            .used
            .iter()
            .find(|(rule, payee, _)| (rule, *payee) == (&self.job.rule.id, self.payee));
        let used = used.filter(|_| cap.every == "month").map_or(0, |(.., amount)| *amount);
        Some(whole((cap.limit - used).max(0)))
    }

    fn run(&self, legs: Legs) -> Paired {
        let slips = |slip| self.job.who.slips(slip);
        let mut ratios = self.ratios.to_vec();
        ratios.sort_by_key(|(strong, weak, _)| -(strong * 1000 / weak));
        if slips(Slip::LowRatioFirst) {
            ratios.reverse();
        }
        let carries = self.cap.is_some_and(|cap| cap.over == "carry");
        let (mut left, mut right) = (legs.0.max(0) / self.unit, legs.1.max(0) / self.unit);
        let (mut room, mut done) = (self.room(), Paired { carried: legs, ..Paired::default() });
        let (mut reserved, last) = ((0, 0), ratios.len() - 1);
        for (at, (a, b, rate)) in ratios.into_iter().enumerate() {
            let left_strong = left >= right;
            let (mut strong, mut weak) = if left_strong { (left, right) } else { (right, left) };
            if at < last && strong * b < weak * a {
                continue;
            }
            let each = Q::new(big(rate), big(10_000)) * whole(self.unit);
            let (mut pairs, mut paid_pairs) = (0, 0);
            while strong >= a && weak >= b {
                (strong, weak, pairs) = (strong - a, weak - b, pairs + 1);
                if room.as_ref().is_none_or(|room| &each * whole(pairs) <= *room) {
                    paid_pairs = pairs;
                }
            }
            (left, right) = if left_strong { (strong, weak) } else { (weak, strong) };
            let volume = |pairs: i64| {
                let (strong, weak) = (pairs * a * self.unit, pairs * b * self.unit);
                if left_strong { (strong, weak) } else { (weak, strong) }
            };
            let reached = if carries { paid_pairs } else { pairs };
            let amount = self.job.round(&(&each * whole(reached)));
            let exact = whole(amount.clone());
            let paid = room.as_ref().map_or(exact.clone(), |room| room.clone().min(exact)).to_integer();
            if !slips(Slip::RoomForEachRatio) {
                room = room.map(|room| room - whole(paid.clone()));
            }
            if paid_pairs < pairs {
                room = Some(whole(0));
            }
            (done.pairs, done.reached, done.paid) =
                (done.pairs + paid_pairs, done.reached + amount, done.paid + paid);
            let (used, burnt, kept) =
                (volume(paid_pairs), volume(reached - paid_pairs), volume(pairs - reached));
            done.consumed = plus(done.consumed, used, 1);
            done.flushed = plus(done.flushed, if slips(Slip::BurntLost) { (0, 0) } else { burnt }, 1);
            done.carried = plus(plus(done.carried, used, -1), burnt, -1);
            reserved = plus(reserved, kept, 1);
        }
        if slips(Slip::PairsKept) && done.pairs > 0 {
            done.carried = legs;
        }
        if self.flush && !slips(Slip::UnmatchedKept) {
            let rest = plus(done.carried, reserved, -1);
            let gone = (rest.0.max(0), rest.1.max(0));
            done.flushed = plus(done.flushed, if slips(Slip::FlushLost) { (0, 0) } else { gone }, 1);
            done.carried = plus(done.carried, gone, -1);
        }
        done
    }
}

fn plus(a: Legs, b: Legs, sign: i64) -> Legs {
    (a.0 + sign * b.0, a.1 + sign * b.1)
}
