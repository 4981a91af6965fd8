//! Laws about people: on the path, off it, and all of them qualified.

use crate::RewardLaw;
use crate::evaluator::Evaluator;
use crate::laws::{Bearing, Law, Verdict, need};
use crate::naive::batch::{Edge, Settled};
use crate::naive::edit::{Map, each_rule, edit_list, with};
use crate::naive::generate::forests::{Grove, grove};
use crate::naive::generate::{Dice, case};
use crate::naive::plan::{entries, int, items};
use crate::naive::{Mutation as M, big};
use fenrun::doc::Node;

/// L9: whoever is not on the path of a sale may change rank, facts and inviter, and it comes to the same.
pub(crate) const LOCAL: RewardLaw = Law {
    name: "L9 locality",
    holds: local,
    suspects: &[
        M::LimitIgnored,
        M::NeighboursFacts,
        M::LastMembersFacts,
        M::BestRankOfAll,
        M::InviterOffByOne,
        M::RootsBelowLast,
        M::LeavesPassedOver,
    ],
};

fn local(who: &dyn Evaluator, seed: u64) -> Verdict {
    let mut dice = Dice::new(!seed);
    let mut grove = grove(seed);
    grove.orders.truncate(1);
    let path = path(&grove);
    let Ok(before) = who.settle(&grove) else { return Ok(Bearing::Beside) };
    let away: Vec<usize> = (0..grove.forest.members.len()).filter(|member| !path.contains(member)).collect();
    for member in &away {
        let other = grove.forest.members[dice.below_count(grove.forest.members.len())].clone();
        let id = entries(grove.forest.members.get(*member))["id"].clone();
        let mut changed = with(&with(&other, "id", id), "distributor", dice.one_in(2));
        if let Some(highest) = items(grove.plan.get("ranks")).last().filter(|_| dice.one_in(2)) {
            changed = with(&changed, "rank", highest.clone());
        }
        grove.forest.members[*member] = changed;
    }
    grove.forest.edges.retain(|edge| path.contains(&edge.member) || !dice.one_in(3));
    let after = who.settle(&grove)?;
    need(before == after, || format!("before {before:#?}\nafter {after:#?}\npath {path:?}"))?;
    beyond_the_limit(who, seed)?;
    Ok(if away.is_empty() || before.pool == big(0) { Bearing::Beside } else { Bearing::Tested })
}

/// The buyer and everybody above, at any time.
fn path(grove: &Grove) -> Vec<usize> {
    let mut path = vec![grove.orders[0].buyer];
    let mut at = 0;
    while at < path.len() {
        let above = grove.forest.edges.iter().filter(|edge| edge.member == path[at]);
        let above: Vec<usize> = above.map(|edge| edge.inviter).filter(|up| !path.contains(up)).collect();
        path.extend(above);
        at += 1;
    }
    path
}

/// One more person above the last whom any stop of the plan can reach.
fn beyond_the_limit(who: &dyn Evaluator, seed: u64) -> Result<(), String> {
    let case = case(seed);
    let limit = |stop: &Node| match stop.get("up") {
        Some(_) => int(stop.get("limit")).unwrap_or(64),
        None => 0,
    };
    let stops = |rule: &Node| match rule.get("to") {
        Some(Node::List(stops)) => stops.iter().map(limit).max(),
        Some(stop) => Some(limit(stop)),
        None => None,
    };
    let farthest = items(case.plan.get("rule")).iter().filter_map(stops).max().unwrap_or(0);
    let farthest = usize::try_from(farthest).expect("a limit");
    let Ok(before) = who.evaluate(&case.plan, &case.sale) else { return Ok(()) };
    let longer = edit_list(&case.sale, "upline", |upline| {
        if let Some(last) = upline.last().filter(|_| upline.len() >= farthest) {
            let one_more = with(last, "id", 99);
            upline.push(one_more);
        }
    });
    let after = who.evaluate(&case.plan, &longer)?;
    need(before == after, || "somebody beyond every limit was seen".into())
}

/// L14: members who are above no buyer may be there or not.
pub(crate) const OUT_OF_REACH: RewardLaw = Law {
    name: "L14 out of reach",
    holds: out_of_reach,
    suspects: &[
        M::NeighboursFacts,
        M::LastMembersFacts,
        M::BestRankOfAll,
        M::InviterOffByOne,
        M::RootsBelowLast,
        M::LeavesPassedOver,
    ],
};

fn out_of_reach(who: &dyn Evaluator, seed: u64) -> Verdict {
    let mut dice = Dice::new(!seed);
    let small = grove(seed);
    let mut large = small.clone();
    for newcomer in 0..dice.count(1, 5) {
        let place = dice.below_count(large.forest.members.len() + 1);
        join_unseen(&mut dice, &mut large, place, 100 + i64::try_from(newcomer).expect("few"));
    }
    let (Ok(before), Ok(after)) = (who.settle(&small), who.settle(&large)) else {
        return Ok(Bearing::Beside);
    };
    need(before == after, || format!("before {before:#?}\nafter {after:#?}"))?;
    Ok(if before == Settled::default() { Bearing::Beside } else { Bearing::Tested })
}

/// Puts somebody at a place of the list of members, invited by somebody before or by nobody.
fn join_unseen(dice: &mut Dice, grove: &mut Grove, place: usize, id: i64) {
    let forest = &mut grove.forest;
    let mut newcomer = with(&forest.members[dice.below_count(forest.members.len())], "id", id);
    if let Some(highest) = items(grove.plan.get("ranks")).last() {
        newcomer = with(&newcomer, "rank", highest.clone());
    }
    forest.members.insert(place, newcomer);
    let moved = |member: usize| if member >= place { member + 1 } else { member };
    for edge in &mut forest.edges {
        *edge = Edge { member: moved(edge.member), inviter: moved(edge.inviter), from: edge.from };
    }
    for order in &mut grove.orders {
        order.buyer = moved(order.buyer);
    }
    if place > 0 && !dice.one_in(3) {
        let edge = Edge { member: place, inviter: dice.below_count(place), from: None };
        let later = forest.edges.iter().position(|edge| edge.member > place);
        forest.edges.insert(later.unwrap_or(forest.edges.len()), edge);
    }
}

/// L15: when everybody qualifies, it does not matter what would become of those who do not.
pub(crate) const ALL_QUALIFY: RewardLaw = Law {
    name: "L15 all qualify",
    holds: all_qualify,
    suspects: &[
        M::QualifyInverted,
        M::QualifyReadsBuyer,
        M::MinimumExcluded,
        M::StopAfterFirst,
        M::CompressDropsOne,
        M::LevelsFromTwo,
        M::RollsAlways,
        M::SlotLost,
    ],
};

fn all_qualify(who: &dyn Evaluator, seed: u64) -> Verdict {
    let case = case(seed);
    let mut dice = Dice::new(!seed);
    let met = |person: &Node| with(&with(person, "distributor", true), "score", 5);
    let sale = edit_list(&case.sale, "upline", |upline| {
        upline.iter_mut().for_each(|person| *person = met(person));
    });
    // The buyer does not qualify, so the buyer must not be among those who are walked.
    let buyer = with(sale.get("buyer").expect("buyer"), "distributor", false);
    let sale = with(&with(&sale, "buyer", with(&buyer, "score", 0)), "roles", Node::Map(Map::new()));
    let condition = match dice.below(3) {
        0 => Node::map([("distributor", Node::Bool(true))]),
        1 => Node::map([("score", Node::map([("min", Node::Int(5)), ("max", Node::Int(9))]))]),
        _ => Node::map([("not", Node::map([("distributor", Node::Bool(false))]))]),
    };
    let open = each_rule(&case.plan, |rule| {
        rule.remove("qualify");
        rule.remove("unqualified");
        rule.insert("to".into(), Node::map([("up", Node::from("referral"))]));
        if let Some(Node::Map(pay)) = rule.get_mut("pay") {
            pay.values_mut().for_each(drop_labels);
        }
    });
    let Ok(expected) = who.evaluate(&open, &sale) else { return Ok(Bearing::Beside) };
    for mode in ["retain", "stop", "compress", "compress_by_level", "roll_up"] {
        let plan = each_rule(&open, |rule| {
            rule.insert("qualify".into(), condition.clone());
            rule.insert("unqualified".into(), mode.into());
        });
        let outcome = who.evaluate(&plan, &sale)?;
        need(outcome == expected, || format!("{mode} {outcome:#?}\nwithout {expected:#?}"))?;
    }
    Ok(if expected.rows.is_empty() { Bearing::Beside } else { Bearing::Tested })
}

/// A table may name labels of its stops only; without labels, ranks and `any` are left.
fn drop_labels(table: &mut Node) {
    if let Node::Map(rows) = table {
        let any = rows.values().next().cloned();
        rows.retain(|key, _| key == "any" || key.starts_with('V'));
        if rows.is_empty() {
            rows.extend(any.map(|rates| ("any".to_owned(), rates)));
        }
    }
}
