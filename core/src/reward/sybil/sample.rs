//! Sales a plan pays for, made from what the plan itself asks.

use crate::doc::Node;
use crate::error::Result;
use crate::id::{LineId, MemberId, OrderId};
use crate::money::Rate;
use crate::reward::plan::{INCOME, Plan, REFERRAL, Rule, Schedule, StopSource, Trigger};
use crate::sale::{Around, Facts, Person, Purpose, Sale, SaleDraft, SaleLine};
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// How many people stand above the buyer.
const DEPTH: usize = 6;
/// What is sold: an amount that no usual rate divides evenly, and units that split unevenly.
const MINOR: i64 = 99_999;
const UNITS: u64 = 7;

/// Sales on one path whose people meet the plan's conditions as far as one set of facts can: all without a
/// rank, or with ranks that rise, that fall, all of the highest and all of the lowest.
///
/// # Errors
/// [`Code::InvalidSale`](crate::Code::InvalidSale) when the plan names more than a sale holds.
pub fn sample(plan: &Plan) -> Result<Vec<Sale>> {
    let facts = facts(&plan.to_node());
    let ways: &[&str] =
        if plan.ranks().is_empty() { &["path"] } else { &["rising", "falling", "highest", "lowest"] };
    ways.iter().map(|way| sale(plan, way, &facts)).collect()
}

/// The rank of whoever stands at a place of the path.
pub(super) fn rank(ranks: &[String], way: &str, at: usize) -> Option<String> {
    let last = ranks.len().checked_sub(1)?;
    let place = match way {
        "rising" => at.min(last),
        "falling" => last.saturating_sub(at),
        "highest" => last,
        _ => 0,
    };
    ranks.get(place).cloned()
}

fn sale(plan: &Plan, way: &str, facts: &Facts) -> Result<Sale> {
    let rank = |at: usize| rank(plan.ranks(), way, at);
    let person = |id: &str, rank: Option<String>| -> Result<Person> {
        Ok(Person { id: MemberId::new(id)?, rank, facts: facts.clone() })
    };
    let mut upline = Vec::with_capacity(DEPTH);
    for at in 0..DEPTH {
        upline.push(person(&format!("a{}", at + 1), rank(at))?);
    }
    let (mut roles, mut around) = (BTreeMap::new(), Around::default());
    let stops = plan.rules().iter().flat_map(|rule| &rule.to);
    for stop in stops {
        let (holders, names) = match &stop.source {
            StopSource::Roles(names) => (&mut roles, names),
            StopSource::Region(names) => (&mut around.regions, names),
            _ => continue,
        };
        for name in names {
            holders.insert(name.clone(), person(&format!("holder-{name}"), None)?);
        }
    }
    // One path in all trees: who stands where in another one is the host's to say.
    for tree in plan.walks().into_keys().filter(|tree| *tree != REFERRAL) {
        around.uplines.insert(tree.to_owned(), upline.clone());
    }
    for (tree, names) in walked_from(plan) {
        let path = if tree == REFERRAL { Some(&mut upline) } else { around.uplines.get_mut(tree) };
        let Some(path) = path else { continue };
        for id in names.iter().map(|name| format!("holder-{name}")) {
            if path.iter().all(|person| person.id.as_str() != id) {
                path.push(person(&id, None)?);
            }
        }
    }
    let line = SaleLine {
        id: LineId::new("1")?,
        units: UNITS,
        components: components(plan),
        purpose: Purpose::Goods,
        facts: Facts::new(),
        overrides: BTreeMap::new(),
    };
    Sale::new(SaleDraft {
        tenant: String::new(),
        id: OrderId::new(way)?,
        version: 1,
        currency: plan.currency(),
        placed_at: Timestamp::from_ms(0),
        buyer: person("u", rank(0))?,
        upline,
        roles,
        around,
        // Nothing was earned before.
        used: Some(Vec::new()),
        facts: facts.clone(),
        lines: vec![line],
    })
}

/// The trees in which a rule walks up from whoever another rule pays, with the roles and regions that one pays: the
/// sale says who stands above their holders, nobody or the next of them.
fn walked_from(plan: &Plan) -> BTreeMap<&str, BTreeSet<&String>> {
    let mut walked: BTreeMap<&str, BTreeSet<&String>> = BTreeMap::new();
    let before = |rule: &Rule| match &rule.trigger {
        Trigger::After(id) => plan.rules().iter().find(|other| other.id == *id),
        _ => None,
    };
    for (rule, before) in plan.rules().iter().filter_map(|rule| Some((rule, before(rule)?))) {
        for stop in &rule.to {
            let StopSource::Up { tree, .. } = &stop.source else { continue };
            for paid in &before.to {
                if let StopSource::Roles(names) | StopSource::Region(names) = &paid.source {
                    walked.entry(tree).or_default().extend(names);
                }
            }
        }
    }
    walked
}

/// Every component a rule may read.
fn components(plan: &Plan) -> BTreeMap<String, i64> {
    let by = |rule: &Rule| match &rule.pay {
        Schedule::Ladder(ladder) => ladder.by.clone(),
        _ => None,
    };
    let by: Vec<String> = plan.rules().iter().filter_map(by).collect();
    let named = plan.rules().iter().flat_map(|rule| rule.of.names()).chain(by.iter().map(String::as_str));
    let read = named.filter(|name| !matches!(*name, "margin" | "quantity") && *name != INCOME);
    let names: BTreeSet<&str> = read.chain(["paid"]).collect();
    let amounts = names.into_iter().map(|name| (name.to_owned(), MINOR));
    // Half of it is cost, so that there is a margin.
    amounts.chain([("cost".to_owned(), MINOR / 2)]).collect()
}

/// A value for each fact that meets the first test of it.
pub(super) fn facts(plan: &Node) -> Facts {
    let mut facts = Facts::new();
    let Some(Node::List(rules)) = plan.get("rule") else { return facts };
    for rule in rules {
        let mut open: Vec<(&Node, bool)> =
            [rule.get("when"), rule.get("qualify")].into_iter().flatten().map(|node| (node, true)).collect();
        let stops = match rule.get("to") {
            Some(Node::List(stops)) => stops.as_slice(),
            single => single.map_or(&[][..], std::slice::from_ref),
        };
        for stop in stops {
            open.extend([stop.get("when"), stop.get("class")].into_iter().flatten().map(|node| (node, true)));
        }
        while let Some((node, holds)) = open.pop() {
            match node {
                Node::List(items) => open.extend(items.iter().map(|item| (item, holds))),
                Node::Map(clauses) => {
                    for (key, value) in clauses {
                        match key.as_str() {
                            "any" | "sale" => open.push((value, holds)),
                            "not" => open.push((value, !holds)),
                            "rank" | "purpose" => {}
                            fact => {
                                facts.entry(fact.to_owned()).or_insert_with(|| meeting(value, holds));
                            }
                        }
                    }
                }
                _ => {}
            }
        }
    }
    // A rate is a share and a weight a whole number, whatever a condition asks of the same fact.
    for pay in rules.iter().filter_map(|rule| rule.get("pay")) {
        for name in rates_of_their_own(pay) {
            let stated = facts.entry(name).or_insert_with(|| "5%".into());
            if stated.as_text().is_none_or(|text| text.parse::<Rate>().is_err()) {
                *stated = "5%".into();
            }
        }
        if let Some(name) = pay.get("weights").and_then(|weights| weights.get("fact")).and_then(Node::as_text)
        {
            facts.insert(name.to_owned(), Node::Int(2));
        }
    }
    facts
}

/// A value that meets a test, or one that does not.
fn meeting(test: &Node, holds: bool) -> Node {
    let value = match test {
        Node::List(items) => items.first().cloned(),
        Node::Map(range) => {
            let list = match range.get("in") {
                Some(Node::List(items)) => items.first().cloned(),
                _ => None,
            };
            range.get("min").or_else(|| range.get("max")).cloned().or(list)
        }
        single => Some(single.clone()),
    };
    match (value.unwrap_or(Node::Bool(true)), holds) {
        (value, true) => value,
        (Node::Bool(value), false) => Node::Bool(!value),
        (Node::Int(value), false) => Node::Int(if test.get("min").is_some() { value - 1 } else { value + 1 }),
        (_, false) => Node::from("another"),
    }
}

/// The facts a schedule takes rates from.
fn rates_of_their_own(pay: &Node) -> Vec<String> {
    let (mut names, mut open) = (Vec::new(), vec![pay]);
    while let Some(node) = open.pop() {
        match node {
            Node::Map(map) => {
                names.extend(map.get("fact").and_then(Node::as_text).map(str::to_owned));
                // A weight is no rate.
                open.extend(map.iter().filter(|(key, _)| *key != "weights").map(|(_, value)| value));
            }
            Node::List(items) => open.extend(items),
            _ => {}
        }
    }
    names
}
