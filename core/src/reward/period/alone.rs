//! Schedules that pay without a walk: ladders, pairs, and a pool that is divided.

use super::caps::Caps;
use super::carry::Carry;
use super::close::{Pair, Scene};
use super::entry::{ALL_TOGETHER, Entry, Source};
use super::ladder::{Holding, entitlement, parts, rate_at};
use super::pairing::{Headroom, Legs, Pairs};
use crate::doc::{Node, perhaps};
use crate::error::{Code, Error, Result};
use crate::money::{Allocate, Rate, Rounding, narrow};
use crate::reward::commission::Reason;
use crate::reward::plan::{
    Ladder, LadderShape, Over, Pairing, Rule, Share, Span, StopSource, Unqualified, Weights,
};
use crate::sale::Pay;

/// One rule at work on its sources.
pub(super) struct Alone<'a> {
    pub(super) scene: &'a Scene<'a>,
    pub(super) at: usize,
    pub(super) rule: &'a Rule,
    pub(super) sources: &'a [Source],
}

impl Alone<'_> {
    fn qualifies(&self, member: usize) -> Result<bool> {
        let condition = self.rule.condition(1);
        condition.map_or(Ok(true), |condition| self.scene.holds(condition, member))
    }

    fn entry(&self, place: usize, member: usize, amount: i64) -> Result<Entry> {
        let entry = Entry::own(self.rule, place, member, amount);
        Ok(if self.qualifies(member)? { entry } else { entry.kept(Reason::Ineligible) })
    }

    /// What each source's volume is worth to the source alone.
    pub(super) fn ladder(&self, ladder: &Ladder, entries: &mut Vec<Entry>) -> Result<i64> {
        if let Span::Team(tree) = &ladder.span {
            return self.team(ladder, tree, entries);
        }
        let mut pool = 0_i128;
        for (place, source) in self.sources.iter().enumerate() {
            let by = self.by(ladder, source)?;
            let holding = Holding { of: source.base, by, root_by: by };
            let amount = entitlement(&ladder.shape, holding, self.rule.round.mode)?;
            pool += i128::from(amount);
            if source.base != 0 {
                let entry = self.entry(place, source.member, amount)?;
                entries.push(Entry { rate: rate(&ladder.shape, by, by), base: source.base, ..entry });
            }
        }
        narrow(pool, || "a pool".into()).map_err(Error::from)
    }

    fn by(&self, ladder: &Ladder, source: &Source) -> Result<i64> {
        match &ladder.by {
            None => Ok(source.base),
            Some(name) => self.scene.volumes.of(self.rule, name, source.volumes_of),
        }
    }

    /// 团队奖: the entitlement of each team less those of the teams directly below.
    fn team(&self, ladder: &Ladder, tree: &str, entries: &mut Vec<Entry>) -> Result<i64> {
        let (tree, members) = (self.scene.snapshot.tree(tree)?, self.scene.snapshot.len());
        let (mut of, mut by, mut places) = (vec![0; members], vec![0; members], vec![0; members]);
        for (place, source) in self.sources.iter().enumerate() {
            of[source.member] = source.base;
            by[source.member] = self.by(ladder, source)?;
            places[source.member] = place;
        }
        let (of, by) = (tree.sums(&of)?, tree.sums(&by)?);
        let mut top_down: Vec<usize> = tree.children_first().collect();
        top_down.reverse();
        let mut roots = vec![0; members];
        let mut entitled = vec![0; members];
        let mut qualified = vec![false; members];
        for at in &top_down {
            let (at, parent) = (*at, tree.parent(*at));
            roots[at] = if parent == 0 { at } else { roots[parent] };
            let holding = Holding { of: of[at], by: by[at], root_by: by[roots[at]] };
            entitled[at] = entitlement(&ladder.shape, holding, self.rule.round.mode)?;
            qualified[at] = self.qualifies(at)?;
        }
        let mode = self.rule.unqualified;
        let looked_through = matches!(mode, Unqualified::Compress | Unqualified::CompressByLevel);
        let absent = |at: usize| looked_through && !qualified[at];
        let parts = parts(tree, &entitled, absent);
        // What is offered: the entitlement of everybody above whom nobody stands.
        let (mut pool, mut covered) = (0_i128, vec![false; members]);
        let mut next_up = vec![0; members];
        for at in top_down {
            let parent = tree.parent(at);
            pool += if absent(at) || covered[parent] { 0 } else { i128::from(entitled[at]) };
            covered[at] = covered[parent] || !absent(at);
            next_up[at] = if parent != 0 && qualified[parent] { parent } else { next_up[parent] };
            if of[at] == 0 || absent(at) {
                continue;
            }
            let entry = Entry::own(self.rule, places[at], at, parts[at]);
            let entry = match (qualified[at], mode, next_up[at]) {
                (true, ..) => entry,
                (false, Unqualified::RollUp, up) if up != 0 && entry.reason.is_none() => {
                    Entry { payee: up, ..entry }
                }
                _ => entry.kept(Reason::Ineligible),
            };
            let (rate, below) = (rate(&ladder.shape, by[at], by[roots[at]]), entitled[at] - parts[at]);
            entries.push(Entry { rate, base: of[at], below, ..entry });
        }
        narrow(pool, || "a pool".into()).map_err(Error::from)
    }

    /// 对碰: the volume of two legs, with what waited, is matched; what is left waits on.
    pub(super) fn pairing(
        &self,
        pairing: &Pairing,
        caps: &Caps<'_>,
        next: &mut Carry,
        pairs: &mut Vec<Pair>,
        entries: &mut Vec<Entry>,
    ) -> Result<i64> {
        let legs = self.legs(pairing)?;
        let base = total(self.sources)?;
        let runner = Pairs { pairing, mode: self.rule.round.mode };
        let mut pool = 0_i128;
        for (place, source) in self.sources.iter().enumerate() {
            let (member, id) = (source.member, self.scene.snapshot.member(source.member));
            let waited = self.scene.carry.legs(&self.rule.id, &id);
            let open = waited.plus(legs[member])?;
            if open.is_empty() && waited.is_empty() {
                continue;
            }
            let qualified = self.qualifies(member)?;
            let headroom = if qualified { self.headroom(caps, member, base)? } else { None };
            let matched = runner.run(open, headroom)?;
            next.set_legs(&self.rule.id, &id, matched.carried);
            pairs.push(Pair { rule: self.at, member: id, waited, came: legs[member], matched });
            pool += i128::from(matched.reached);
            if matched.reached != 0 {
                let mut entry = self.entry(place, member, matched.reached)?;
                if qualified {
                    entry.cut(matched.reached - matched.paid, Reason::Flush);
                }
                let rate = pairing.rates.last().map_or(Pay::PerUnit(0), |pair| Pay::Share(pair.rate));
                entries.push(Entry {
                    rate,
                    base: matched.consumed.left.min(matched.consumed.right),
                    ..entry
                });
            }
        }
        narrow(pool, || "a pool".into()).map_err(Error::from)
    }

    /// The volume of the two legs of every member.
    fn legs(&self, pairing: &Pairing) -> Result<Vec<Legs>> {
        let tree = self.scene.snapshot.tree(&pairing.tree)?;
        let places = self.scene.snapshot.legs(&pairing.tree)?;
        let mut own = vec![0; tree.len()];
        for source in self.sources {
            own[source.member] = source.base;
        }
        let sums = tree.sums(&own)?;
        let mut legs = vec![Legs::default(); tree.len()];
        for at in tree.children_first().filter(|at| tree.parent(*at) != 0) {
            let parent = &mut legs[tree.parent(at)];
            match places[at] {
                1 => parent.left = sums[at],
                2 => parent.right = sums[at],
                leg => {
                    let id = self.scene.snapshot.member(at);
                    let error = format!(
                        "tree `{}`: member {id} stands on leg {leg}; pairs have legs 1 and 2",
                        pairing.tree
                    );
                    return Err(Error::new(Code::InvalidValue, error));
                }
            }
        }
        Ok(legs)
    }

    /// The tightest cap of the payee that says what becomes of the volume.
    fn headroom(&self, caps: &Caps<'_>, member: usize, base: i64) -> Result<Option<Headroom>> {
        let mut tightest: Option<Headroom> = None;
        for cap in self.rule.caps.iter().filter(|cap| matches!(cap.over, Over::Carry | Over::Flush)) {
            let left = caps.room(self.rule, cap, member, base)?;
            if tightest.is_none_or(|tightest| left < tightest.left) {
                tightest = Some(Headroom { left, carries: cap.over == Over::Carry });
            }
        }
        Ok(tightest)
    }

    /// 股东分红: a share of all volume, divided by weights; ties go to the lower id.
    pub(super) fn share(&self, share: &Share, entries: &mut Vec<Entry>) -> Result<i64> {
        let base = total(self.sources)?;
        let pool = share.rate.of(base, Rounding::Down)?;
        let compress = self.rule.unqualified == Unqualified::Compress;
        let (mut members, mut weights, mut ids) = (Vec::new(), Vec::new(), Vec::new());
        for member in self.scene.by_id() {
            let weight = if self.inside(member)? && (!compress || self.qualifies(member)?) {
                self.weight(share, member)?
            } else {
                0
            };
            if weight > 0 {
                members.push(member);
                weights.push(weight);
                ids.push(self.scene.snapshot.place(member));
            }
        }
        let rate = Pay::Share(share.rate);
        if members.is_empty() {
            let entry = Entry::own(self.rule, ALL_TOGETHER, 0, pool).kept(Reason::NoPayee);
            entries.push(Entry { level: 0, base, rate, ..entry });
            return Ok(pool);
        }
        let shares =
            Allocate { total: pool, weights: &weights, ids: Some(&ids), ..Allocate::default() }.run()?.shares;
        for (member, amount) in members.into_iter().zip(shares) {
            entries.push(Entry { base, rate, ..self.entry(ALL_TOGETHER, member, amount)? });
        }
        Ok(pool)
    }

    /// Whether a member is of the class that shares.
    fn inside(&self, member: usize) -> Result<bool> {
        let class = self.rule.to.iter().find_map(|stop| match &stop.source {
            StopSource::Class(class) => Some(class),
            _ => None,
        });
        class.map_or(Ok(false), |class| self.scene.holds(class, member))
    }

    fn weight(&self, share: &Share, member: usize) -> Result<u64> {
        let person = &self.scene.people[member];
        match &share.weights {
            Weights::Equal => Ok(1),
            Weights::Table(table) => {
                let keys = [person.rank.as_deref(), Some("any")].into_iter().flatten();
                Ok(keys.filter_map(|key| table.get(key)).next().map_or(0, |weight| u64::from(*weight)))
            }
            Weights::Fact(name) => match person.facts.get(name) {
                Some(Node::Int(weight)) if *weight >= 0 => Ok(weight.unsigned_abs()),
                Some(other) => {
                    let what = format!("member {}: the fact `{name}`, their weight,", person.id);
                    Err(crate::doc::invalid(&what, "a whole number at or above zero", other))
                }
                None => {
                    let known = self.scene.known();
                    let hint = perhaps(name, known.iter().map(String::as_str));
                    let error = format!(
                        "member {} does not state the fact `{name}`, which is their weight{hint}",
                        person.id
                    );
                    Err(Error::new(Code::MissingFact, error))
                }
            },
        }
    }
}

/// The rate a ladder's volume reached, for explanations: of a polynomial its first term, where the root has volume.
fn rate(shape: &LadderShape, by: i64, root_by: i64) -> Pay {
    match shape {
        LadderShape::Whole(steps) | LadderShape::Marginal(steps) => Pay::Share(rate_at(steps, by)),
        LadderShape::Polynomial(coefficients) => {
            let first = coefficients.iter().find(|rate| !rate.is_zero()).filter(|_| root_by != 0);
            Pay::Share(first.copied().unwrap_or(Rate::ZERO))
        }
    }
}

/// The volume of all sources.
pub(super) fn total(sources: &[Source]) -> Result<i64> {
    let sum: i128 = sources.iter().map(|source| i128::from(source.base)).sum();
    narrow(sum, || "the volume of all members".into()).map_err(Error::from)
}
