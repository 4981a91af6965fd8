//! False identities on the path of a sale: the audit against every path written out by hand, over plans of every
//! shape.

use crate::laws::{Bearing, Law, Verdict, need};
use crate::naive::Naive;
use crate::naive::generate::rich::rich_case;
use crate::naive::generate::{Case, case};
use fenrun::doc::Node;
use fenrun::id::{MemberId, OrderId};
use fenrun::money::telescope;
use fenrun::reward::commission::evaluate;
use fenrun::reward::plan::Plan;
use fenrun::reward::sybil::{Limits, audit};
use fenrun::sale::{Person, Sale, SaleDraft, Used};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

const LIMITS: Limits = Limits { identities: 2, parts: 2, periods: 1 };

/// The largest gain of each attack, by rule; all rules together under no name.
type Gains = BTreeMap<(String, &'static str), i64>;

/// Amounts by rule.
type Income = BTreeMap<String, i64>;

/// A plan, its document, and a sale.
pub(crate) struct World {
    document: Node,
    plan: Plan,
    sale: Sale,
}

pub(crate) trait Auditor {
    /// `None` where the sale cannot be settled.
    fn gains(&self, world: &World) -> Option<Gains>;
}

pub(crate) struct Engine;

impl Auditor for Engine {
    fn gains(&self, World { plan, sale, .. }: &World) -> Option<Gains> {
        let findings = audit(plan, std::slice::from_ref(sale), LIMITS).ok()?;
        let gain = |finding: &fenrun::reward::sybil::Finding| {
            ((finding.rule.clone().unwrap_or_default(), finding.attack.name()), finding.gain)
        };
        Some(findings.iter().map(gain).filter(|(_, gain)| *gain > 0).collect())
    }
}

/// A mistake somebody might make.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Slip {
    NeverBoth,
    NeverApart,
    NeverSplit,
    NeverMixed,
    OneIdentity,
    OwnRankOnly,
    BuyerOnly,
    IdentitiesUnpaid,
    HonestForgotten,
    OtherTreesForgotten,
    CapsStartAnew,
}

/// Who settles.
#[derive(Clone, Copy, PartialEq)]
enum By {
    Engine,
    Naive,
}

/// Writes out every path, and settles it.
pub(crate) struct ByHand {
    slip: Option<Slip>,
    by: By,
}

/// One of the attacker's people: the attacker, or an identity of a rank.
#[derive(Clone)]
enum One {
    Own,
    False(Option<String>),
}

impl ByHand {
    pub(crate) const HONEST: Self = Self { slip: None, by: By::Engine };

    pub(crate) const fn with(slip: Slip) -> Self {
        Self { slip: Some(slip), by: By::Engine }
    }

    fn slips(&self, slip: Slip) -> bool {
        self.slip == Some(slip)
    }

    /// Every way the attacker's people stand, from the lowest up, and whether they are cut off above.
    fn ways(&self, plan: &Plan, own: Option<&String>) -> Vec<(Vec<One>, bool)> {
        let mut known = vec![own.cloned()];
        if !self.slips(Slip::OwnRankOnly) && own.is_some() {
            known.push(None);
            known.push(plan.ranks().first().cloned());
        }
        let known: BTreeSet<_> = known.into_iter().collect();
        let ones: Vec<Vec<One>> = known.iter().map(|rank| vec![One::False(rank.clone())]).collect();
        let twos = ones.iter().flat_map(|a| ones.iter().map(move |b| [a.clone(), b.clone()].concat()));
        let twos = if self.slips(Slip::OneIdentity) { Vec::new() } else { twos.collect() };
        let mut ways = vec![(vec![One::Own], false)];
        for identities in ones.iter().chain(&twos) {
            let mut paths = vec![identities.clone()];
            for at in 0..=identities.len() {
                let mut path = identities.clone();
                path.insert(at, One::Own);
                paths.push(path);
            }
            ways.extend(paths.into_iter().flat_map(|path| [(path.clone(), false), (path, true)]));
        }
        ways
    }

    /// The sale with these people where the attacker stood. Holders who are cut off their path stand above its end.
    fn on_path(&self, sale: &Sale, attacker: &MemberId, people: &[One], cut: bool) -> Sale {
        let person = |own: &Person| {
            let one = |(at, one): (usize, &One)| match one {
                One::Own => own.clone(),
                One::False(rank) => Person { id: fake(at), rank: rank.clone(), facts: own.facts.clone() },
            };
            people.iter().enumerate().map(one).collect::<Vec<Person>>()
        };
        let mut draft: SaleDraft = sale.clone().into_draft();
        let buyer = draft.buyer.clone();
        let holders = draft.roles.values().chain(draft.around.regions.values());
        let holders: BTreeSet<MemberId> = holders.map(|holder| holder.id.clone()).collect();
        let path = |upline: &[Person]| -> Vec<Person> {
            let whole: Vec<Person> = [&buyer].into_iter().chain(upline).cloned().collect();
            let Some(at) = whole.iter().position(|one| one.id == *attacker) else { return whole };
            let above = if cut { &[][..] } else { &whole[at + 1..] };
            let mut path = [&whole[..at], &person(&whole[at]), above].concat();
            for holder in upline.iter().filter(|one| holders.contains(&one.id)) {
                if path.iter().all(|one| one.id != holder.id) {
                    path.push(holder.clone());
                }
            }
            path
        };
        let split = |whole: Vec<Person>| (whole[0].clone(), whole[1..].to_vec());
        (draft.buyer, draft.upline) = split(path(&draft.upline));
        for upline in draft.around.uplines.values_mut() {
            if !self.slips(Slip::OtherTreesForgotten) {
                *upline = split(path(upline)).1;
            }
        }
        Sale::new(draft).expect("a sale")
    }

    /// What these people get of sales that follow one another.
    fn worth(&self, world: &World, sales: &[Sale], people: &BTreeSet<String>) -> Option<Income> {
        let mut income = Income::new();
        let mut used: BTreeMap<(Option<String>, String, Option<MemberId>), i64> = BTreeMap::new();
        for sale in sales {
            let mut draft = sale.clone().into_draft();
            if let Some(stated) = &mut draft.used {
                for entry in stated.drain(..) {
                    *used.entry((entry.rule, entry.every, entry.payee)).or_default() +=
                        match sale.id == sales[0].id {
                            true => entry.amount,
                            false => 0,
                        };
                }
                let entry =
                    |((rule, every, payee), amount): (&(Option<String>, String, Option<MemberId>), &i64)| {
                        Used {
                            rule: rule.clone(),
                            every: every.clone(),
                            payee: payee.clone(),
                            amount: *amount,
                        }
                    };
                stated.extend(used.iter().map(entry));
            }
            let sale = Sale::new(draft).expect("a sale");
            let outcome = evaluate(&world.plan, &sale).ok()?;
            if !self.slips(Slip::CapsStartAnew) {
                for usage in outcome.used() {
                    let key = (usage.rule.clone(), usage.every.name().to_owned(), usage.payee.clone());
                    *used.entry(key).or_default() += usage.amount;
                }
            }
            let rows: Vec<(String, String, i64)> = match self.by {
                By::Engine => {
                    let rows = outcome.rows().iter();
                    rows.map(|row| (row.rule.clone(), row.payee.to_string(), row.amount)).collect()
                }
                By::Naive => {
                    let outcome = Naive::HONEST.evaluate(&world.document, &sale.to_node()).ok()?;
                    let small = |row: crate::naive::outcome::Row| {
                        (row.rule, row.payee, i64::try_from(&row.amount).expect("a small number"))
                    };
                    outcome.rows.into_iter().map(small).collect()
                }
            };
            for (rule, payee, amount) in rows {
                if people.contains(&payee) {
                    *income.entry(rule).or_default() += amount;
                    *income.entry(String::new()).or_default() += amount;
                }
            }
        }
        Some(income)
    }

    /// The attacks of one person.
    fn attacks(&self, world: &World, attacker: &Person, gains: &mut Gains) -> Option<()> {
        let World { plan, sale, .. } = world;
        let own = BTreeSet::from([attacker.id.to_string()]);
        let honest = match self.slips(Slip::HonestForgotten) {
            true => Income::new(),
            false => self.worth(world, std::slice::from_ref(sale), &own)?,
        };
        let is_buyer = attacker.id == sale.buyer.id;
        for (people, cut) in self.ways(plan, attacker.rank.as_ref()) {
            let mut names = own.clone();
            if !self.slips(Slip::IdentitiesUnpaid) {
                names.extend((0..people.len()).map(|at| fake(at).to_string()));
            }
            let placed =
                |sale: &Sale, from: usize| self.on_path_from(sale, &attacker.id, (&people, cut), from);
            let whole = self.worth(world, &[placed(sale, 0)], &names)?;
            self.note(gains, attack(&people, cut), &honest, &whole);
            let froms = if is_buyer { people.len() } else { 1 };
            let name = if people.len() == 1 && matches!(people[0], One::Own) { "split" } else { "mixed" };
            for parts in halves(sale) {
                let mut best = Income::new();
                if parts[0].used.is_some() && counts(&world.document) {
                    for from in 0..froms {
                        let parts: Vec<Sale> = parts.iter().map(|part| placed(part, from)).collect();
                        raise(&mut best, &self.worth(world, &parts, &names)?);
                    }
                } else {
                    for part in &parts {
                        let mut of_part = Income::new();
                        for from in 0..froms {
                            raise(&mut of_part, &self.worth(world, &[placed(part, from)], &names)?);
                        }
                        of_part.into_iter().for_each(|(rule, more)| *best.entry(rule).or_default() += more);
                    }
                }
                self.note(gains, name, &honest, &best);
            }
        }
        Some(())
    }

    fn on_path_from(&self, sale: &Sale, attacker: &MemberId, way: (&[One], bool), from: usize) -> Sale {
        let (people, cut) = way;
        let whole = self.on_path(sale, attacker, people, cut);
        let mut draft = whole.into_draft();
        for _ in 0..from {
            // Whoever buys further up leaves those below out.
            draft.buyer = draft.upline.remove(0);
            draft.around.uplines.values_mut().for_each(|upline| {
                if !self.slips(Slip::OtherTreesForgotten) {
                    drop(upline.remove(0));
                }
            });
        }
        Sale::new(draft).expect("a sale")
    }

    fn note(&self, gains: &mut Gains, attack: &'static str, honest: &Income, attacked: &Income) {
        let without = match self.slip {
            Some(Slip::NeverBoth) => "both",
            Some(Slip::NeverApart) => "apart",
            Some(Slip::NeverSplit) => "split",
            Some(Slip::NeverMixed) => "mixed",
            _ => "",
        };
        for (rule, amount) in attacked.iter().filter(|_| attack != without) {
            let gain = amount - honest.get(rule).copied().unwrap_or(0);
            if gain > 0 {
                let best = gains.entry((rule.clone(), attack)).or_default();
                *best = gain.max(*best);
            }
        }
    }
}

impl Auditor for ByHand {
    fn gains(&self, world: &World) -> Option<Gains> {
        let sale = &world.sale;
        let mut gains = Gains::new();
        let paths = sale.around.uplines.values().flatten().chain(&sale.upline);
        let holders = sale.roles.values().chain(sale.around.regions.values());
        let mut seen = BTreeSet::new();
        for person in [&sale.buyer].into_iter().chain(paths).chain(holders) {
            if (person.id == sale.buyer.id || !self.slips(Slip::BuyerOnly)) && seen.insert(&person.id) {
                self.attacks(world, person, &mut gains)?;
            }
        }
        Some(gains)
    }
}

fn fake(at: usize) -> MemberId {
    MemberId::new(&format!("identity{at}")).expect("an id")
}

/// What a way to stand is called.
fn attack(people: &[One], cut: bool) -> &'static str {
    let own = people.iter().position(|one| matches!(one, One::Own));
    match own {
        _ if cut => "apart",
        None => "apart",
        Some(0) => "above",
        Some(at) if at + 1 == people.len() => "below",
        Some(_) => "both",
    }
}

fn raise(best: &mut Income, other: &Income) {
    for (rule, amount) in other {
        let own = best.entry(rule.clone()).or_default();
        *own = (*own).max(*amount);
    }
}

/// Whether a cap of the plan runs longer than a sale.
fn counts(plan: &Node) -> bool {
    let text = plan.to_json();
    ["day", "week", "month"].iter().any(|every| text.contains(&format!(r#""every":"{every}""#)))
}

/// Every way to make two sales of one line of up to three units.
fn halves(sale: &Sale) -> Vec<[Sale; 2]> {
    let units = sale.lines[0].units;
    let half = |first: u64| {
        let part = |at: usize| {
            let (from, to) = if at == 0 { (0, first) } else { (first, units) };
            let mut draft = sale.clone().into_draft();
            draft.id = OrderId::new(&format!("part{at}")).expect("an id");
            draft.lines[0].units = to - from;
            for amount in draft.lines[0].components.values_mut() {
                *amount = telescope(*amount, from, to, units).expect("a part");
            }
            Sale::new(draft).expect("a sale")
        };
        [part(0), part(1)]
    };
    (1..=units / 2).map(half).collect()
}

/// A sale of one line of few units with few people above, under a plan of any shape.
fn world(seed: u64, stops: usize) -> Option<World> {
    let Case { plan: document, sale, .. } = if seed % 3 == 0 { case(seed) } else { rich_case(seed) };
    let plan = Plan::from_node(&document).ok()?;
    let mut draft = Sale::from_node(&sale, plan.currency()).ok()?.into_draft();
    draft.lines.truncate(1);
    draft.lines[0].units = draft.lines[0].units.min(3);
    draft.upline.truncate(stops);
    draft.around.uplines.values_mut().for_each(|upline| upline.truncate(stops));
    Some(World { document, plan, sale: Sale::new(draft).ok()? })
}

thread_local! {
    /// What was found by hand of each seed: every mistake is held against the same.
    static KNOWN: RefCell<BTreeMap<u64, Option<Gains>>> = const { RefCell::new(BTreeMap::new()) };
}

/// The largest gains over all attackers, paths, ranks and parts, rule by rule.
pub(crate) const GAINS: Law<dyn Auditor, Slip> = Law {
    name: "sybil of sales",
    holds: gains,
    suspects: &[
        Slip::NeverBoth,
        Slip::NeverApart,
        Slip::NeverSplit,
        Slip::NeverMixed,
        Slip::OneIdentity,
        Slip::OwnRankOnly,
        Slip::BuyerOnly,
        Slip::IdentitiesUnpaid,
        Slip::HonestForgotten,
        Slip::OtherTreesForgotten,
        Slip::CapsStartAnew,
    ],
};

fn gains(who: &dyn Auditor, seed: u64) -> Verdict {
    let Some(world) = world(seed, 2) else { return Ok(Bearing::Beside) };
    let known = KNOWN.with_borrow(|known| known.get(&seed).cloned());
    let honest = known.unwrap_or_else(|| ByHand::HONEST.gains(&world));
    KNOWN.with_borrow_mut(|known| known.insert(seed, honest.clone()));
    let gains = who.gains(&world);
    need(gains == honest, || {
        let (plan, sale) = (world.document.to_json(), world.sale.to_node().to_json());
        format!("{plan}\n{sale}\n{gains:?}\nby hand {honest:?}")
    })?;
    Ok(if honest.is_some_and(|gains| !gains.is_empty()) { Bearing::Tested } else { Bearing::Beside })
}

/// What the naive interpreter pays an attacker is within what the audit says.
pub(crate) fn naively(seed: u64) {
    let Some(world) = world(seed, 1) else { return };
    let Some(audited) = Engine.gains(&world) else { return };
    let naive = ByHand { slip: None, by: By::Naive }.gains(&world).expect("what was audited is settled");
    for ((rule, attack), gain) in naive {
        let known = audited.get(&(rule.clone(), attack)).copied().unwrap_or(0);
        assert!(gain <= known, "seed {seed}: `{rule}` {attack}: {gain} is gained, {known} was found");
    }
}
