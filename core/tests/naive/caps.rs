//! Caps, and the accounts of what is left.

use super::number::{allocate, big, round, whole};
use super::outcome::Ledger;
use super::plan::{Cap, Plan, Rule, Written};
use super::sale::{Sale, Used};
use super::{Fault, Mutation, Naive};
use num_bigint::BigInt;

impl Naive {
    /// Holds what one rule hands out against its caps; `base` is what it was taken of.
    pub(crate) fn rule_caps(
        self,
        rule: &Rule,
        sale: &Sale,
        base: &BigInt,
        ledger: &mut Ledger,
    ) -> Result<(), Fault> {
        rule.caps.iter().try_for_each(|cap| self.cap(cap, Some(rule), sale, base, ledger))
    }

    /// Holds what all rules hand out against the caps of the plan.
    pub(crate) fn plan_caps(self, plan: &Plan, sale: &Sale, ledger: &mut Ledger) -> Result<(), Fault> {
        let paid: BigInt = sale.lines.iter().filter_map(|line| line.components.get("paid")).sum();
        plan.caps.iter().try_for_each(|cap| self.cap(cap, None, sale, &paid, ledger))
    }

    fn cap(
        self,
        cap: &Cap,
        rule: Option<&Rule>,
        sale: &Sale,
        base: &BigInt,
        ledger: &mut Ledger,
    ) -> Result<(), Fault> {
        if self.planted(Mutation::CapIgnored) {
            return Ok(());
        }
        let mine = |at: &usize| rule.is_none_or(|rule| ledger.awards[*at].rule == rule.id);
        let mine: Vec<usize> = (0..ledger.awards.len()).filter(mine).collect();
        let mut payees: Vec<Option<String>> = vec![None];
        if cap.per == "payee" {
            payees = mine.iter().map(|at| Some(ledger.awards[*at].payee.id.clone())).collect();
            payees.sort();
            payees.dedup();
        }
        for payee in payees {
            let counts =
                |at: &&usize| payee.as_ref().is_none_or(|payee| ledger.awards[**at].payee.id == *payee);
            let together: Vec<usize> = mine.iter().filter(counts).copied().collect();
            let amounts: Vec<BigInt> = together.iter().map(|at| ledger.awards[*at].amount.clone()).collect();
            if amounts.iter().all(|amount| *amount == big(0)) {
                continue;
            }
            let room = self.room(cap, rule, sale, base, payee.as_deref())?;
            let kept = self.kept(cap, &room, &amounts);
            for ((at, amount), kept) in together.into_iter().zip(amounts).zip(kept) {
                let reason = match (cap.over.as_str(), cap.per.as_str()) {
                    ("flush", _) => "flush",
                    (_, "payee") => "cap_payee",
                    (_, "rule") => "cap_rule",
                    _ => "cap_plan",
                };
                ledger.cut(at, kept.clone(), reason, amount - kept);
            }
        }
        Ok(())
    }

    /// What may still be paid: the limit less what earlier sales of the period used.
    fn room(
        self,
        cap: &Cap,
        rule: Option<&Rule>,
        sale: &Sale,
        base: &BigInt,
        payee: Option<&str>,
    ) -> Result<BigInt, Fault> {
        let mut limit = match &cap.limit {
            Written::PerUnit(minor) => minor.clone(),
            Written::Share(share) => {
                let mode = if self.planted(Mutation::CapShareRoundedUp) { "ceil" } else { "floor" };
                round(&(whole(base.clone()) * share), mode)
            }
            Written::Fact(_) => panic!("a limit is no fact"),
        };
        if self.planted(Mutation::CapPlusOne) {
            limit += 1;
        }
        if cap.every == "event" {
            return Ok(limit);
        }
        let used = sale.used.as_ref().ok_or(Fault::MissingFact)?;
        let own = rule.map(|rule| rule.id.as_str());
        let same = |entry: &&Used| {
            entry.rule.as_deref() == own && entry.every == cap.every && entry.payee.as_deref() == payee
        };
        let before = used.iter().find(same).map_or(big(0), |entry| entry.amount.clone());
        if self.planted(Mutation::HeadroomIgnored) {
            return Ok(limit);
        }
        Ok((limit - before).max(big(0)))
    }

    fn kept(self, cap: &Cap, room: &BigInt, amounts: &[BigInt]) -> Vec<BigInt> {
        if amounts.iter().sum::<BigInt>() <= *room {
            return amounts.to_vec();
        }
        if self.planted(Mutation::CapOnEach) {
            return amounts.iter().map(|amount| amount.min(room).clone()).collect();
        }
        if cap.over == "scale" {
            return allocate(room, amounts);
        }
        let mut room = room.clone();
        let mut kept = Vec::new();
        for amount in amounts {
            let part = amount.min(&room).clone();
            room -= &part;
            kept.push(part);
        }
        kept
    }

    /// The parts of an amount by account, in the byte order of their names.
    pub(crate) fn accounts(self, rule: &Rule, amount: &BigInt) -> Vec<(String, BigInt)> {
        if rule.split.is_empty() || self.planted(Mutation::SplitIgnored) {
            return vec![("cash".into(), amount.clone())];
        }
        let common = rule.split.values().fold(big(1), |common, share| common * share.denom());
        let weight = |share: &super::Q| (share * whole(common.clone())).to_integer();
        let mut weights: Vec<BigInt> = rule.split.values().map(weight).collect();
        if self.planted(Mutation::SplitReversed) {
            weights.reverse();
        }
        let exact = |weight: &BigInt| whole(amount * weight) / whole(weights.iter().sum::<BigInt>());
        let parts: Vec<BigInt> = match self.planted {
            Some(Mutation::SplitFloors) => {
                weights.iter().map(|weight| round(&exact(weight), "floor")).collect()
            }
            Some(Mutation::SplitEachRounded) => {
                weights.iter().map(|weight| round(&exact(weight), "half_away")).collect()
            }
            Some(Mutation::SplitRestToLast) => {
                let mut parts: Vec<BigInt> =
                    weights.iter().map(|weight| round(&exact(weight), "floor")).collect();
                let rest = amount - parts.iter().sum::<BigInt>();
                if let Some(last) = parts.last_mut() {
                    *last += rest;
                }
                parts
            }
            _ => allocate(amount, &weights),
        };
        rule.split.keys().cloned().zip(parts).filter(|(_, part)| *part != big(0)).collect()
    }
}
