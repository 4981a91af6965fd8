//! Laws about caps, accounts and rules that run after others.

use crate::RewardLaw;
use crate::evaluator::Evaluator;
use crate::laws::{Bearing, Law, Verdict, need};
use crate::naive::edit::{each_line, each_rule, edit_list, with};
use crate::naive::generate::rich::rich_case;
use crate::naive::generate::{Case, case};
use crate::naive::outcome::{Outcome, Row};
use crate::naive::plan::{entries, int, items, text, texts};
use crate::naive::{Mutation as M, Naive, big};
use fenrun::doc::Node;
use num_bigint::BigInt;
use std::collections::{BTreeMap, BTreeSet};

/// L1 on plans of every shape: rows and retained amounts are above zero and sum to the pool, which an
/// independent reading of the plan offers too.
pub(crate) const CONSERVATION: RewardLaw = Law {
    name: "L1 conservation, every shape",
    holds: conservation,
    suspects: &[
        M::TailDropped,
        M::SplitFloors,
        M::SplitEachRounded,
        M::VacancySkipped,
        M::WalksFromBuyer,
        M::HigherPassedOver,
        M::LowerArePeers,
        M::IncomeIsPaid,
        M::EqualDoesNotBlock,
        M::StepExcluded,
        M::RetainedForgotten,
        M::PoolFromRows,
    ],
};

fn conservation(who: &dyn Evaluator, seed: u64) -> Verdict {
    let case = rich_case(seed);
    let Ok(outcome) = who.evaluate(&case.plan, &case.sale) else { return Ok(Bearing::Beside) };
    let offered = Naive::HONEST.offer(&case.plan, &case.sale);
    let offered = offered.map_err(|fault| format!("settled, although {}", fault.name()))?;
    need(outcome.pool == offered, || format!("pool {}, offered {offered}", outcome.pool))?;
    let amounts = outcome.rows.iter().map(|row| &row.amount);
    let amounts = amounts.chain(outcome.retained.iter().map(|(_, amount)| amount));
    need(amounts.clone().all(|amount| *amount > big(0)), || format!("not above zero: {outcome:?}"))?;
    need(amounts.sum::<BigInt>() == offered, || format!("{outcome:?} is not {offered}"))?;
    Ok(if offered == big(0) { Bearing::Beside } else { Bearing::Tested })
}

/// L4 on plans of every shape: what refunds post sums to what stood, to the last minor unit.
pub(crate) const ENDS_AT_ZERO: RewardLaw = Law {
    name: "L4 reversal, every shape",
    holds: ends_at_zero,
    suspects: &[
        M::AgainstOriginal,
        M::EarlierForgotten,
        M::ShareOfRows,
        M::LastNotPosted,
        M::CappedByRefund,
        M::RetainedStays,
    ],
};

fn ends_at_zero(who: &dyn Evaluator, seed: u64) -> Verdict {
    let Case { plan, sale, refunds } = rich_case(seed);
    let Ok(outcome) = who.evaluate(&plan, &sale) else { return Ok(Bearing::Beside) };
    let mut standing: BTreeMap<_, BigInt> = BTreeMap::new();
    for row in &outcome.rows {
        let own = (row.rule.clone(), row.payee.clone(), row.account.clone());
        *standing.entry(own).or_default() += &row.amount;
    }
    let mut retained: BigInt = outcome.retained.iter().map(|(_, amount)| amount).sum();
    let steps = who.reverse(&plan, &sale, &refunds)?;
    for step in steps {
        for (own, amount) in step.rows {
            *standing.entry(own).or_default() += amount;
        }
        need(standing.values().all(|amount| *amount >= big(0)), || format!("{standing:?}"))?;
        retained += step.retained;
    }
    standing.retain(|_, amount| *amount != big(0));
    need(standing.is_empty() && retained == big(0), || {
        format!("{standing:?}, {retained} when nothing is left")
    })?;
    Ok(if outcome.rows.is_empty() { Bearing::Beside } else { Bearing::Tested })
}

/// L13: after caps nobody has more than the cap leaves, and without caps nothing is cut.
pub(crate) const CAPPED: RewardLaw = Law {
    name: "L13 caps",
    holds: capped,
    suspects: &[M::CapIgnored, M::CapPlusOne, M::CapOnEach, M::HeadroomIgnored, M::CapShareRoundedUp],
};

fn capped(who: &dyn Evaluator, seed: u64) -> Verdict {
    let Case { plan, sale, .. } = rich_case(seed);
    let Ok(outcome) = who.evaluate(&plan, &sale) else { return Ok(Bearing::Beside) };
    let mut tested = false;
    for rule in items(plan.get("rule")) {
        let id = text(rule.get("id")).expect("id");
        let mine: Vec<&Row> = outcome.rows.iter().filter(|row| row.rule == id).collect();
        tested |= within(rule, Some(&id), &mine, &sale, None)?;
    }
    let all: Vec<&Row> = outcome.rows.iter().collect();
    let paid = items(sale.get("lines")).iter().filter_map(|line| int(line.get("paid"))).sum();
    tested |= within(&plan, None, &all, &sale, Some(paid))?;
    let free = each_rule(&without(&plan, "cap"), |rule| drop(rule.remove("cap")));
    let cut = |outcome: &Outcome| {
        outcome.retained.iter().any(|(reason, _)| reason.starts_with("cap_") || reason == "flush")
    };
    let unused = with(&sale, "used", Vec::<Node>::new());
    // Without caps rules may run after amounts whose payees' uplines nobody states.
    if let Ok(whole) = who.evaluate(&free, &unused) {
        need(!cut(&whole), || format!("cut without a cap: {:?}", whole.retained))?;
    }
    Ok(if tested { Bearing::Tested } else { Bearing::Beside })
}

/// Whether rows are within the caps that stand in a rule or the plan; false where none has a say.
fn within(
    owner: &Node,
    rule: Option<&str>,
    rows: &[&Row],
    sale: &Node,
    base: Option<i64>,
) -> Result<bool, String> {
    let mut tested = false;
    for cap in items(owner.get("cap")) {
        let limit = match (cap.get("limit"), base) {
            (Some(Node::Int(limit)), _) => big(*limit),
            (Some(Node::Text(share)), Some(base)) => {
                let share = crate::naive::number::rate(share);
                (share * crate::naive::number::whole(base)).floor().to_integer()
            }
            _ => continue,
        };
        let every = text(cap.get("every")).unwrap_or_else(|| "event".into());
        let mut sums: BTreeMap<Option<String>, BigInt> = BTreeMap::new();
        let by_payee = text(cap.get("per")).as_deref() == Some("payee");
        for row in rows {
            *sums.entry(by_payee.then(|| row.payee.clone())).or_default() += &row.amount;
        }
        for (payee, sum) in sums {
            let same = |entry: &&Node| {
                text(entry.get("rule")).as_deref() == rule
                    && text(entry.get("every")).as_deref() == Some(&*every)
                    && int(entry.get("payee")).map(|id| id.to_string()) == payee
            };
            let used = items(sale.get("used")).iter().find(same).and_then(|entry| int(entry.get("amount")));
            let room = (&limit - big(used.unwrap_or(0))).max(big(0));
            need(sum <= room, || format!("{rule:?} pays {payee:?} {sum}, at most {room} every {every}"))?;
            tested = true;
        }
    }
    Ok(tested)
}

fn without(document: &Node, key: &str) -> Node {
    let mut map = entries(Some(document));
    map.remove(key);
    Node::Map(map)
}

/// Accounts: the parts of an amount sum to it, each is less than one minor unit from its exact share, and
/// the same plan without `split` pays the same people the same.
pub(crate) const ACCOUNTS: RewardLaw = Law {
    name: "L2 accounts",
    holds: accounts,
    suspects: &[
        M::SplitIgnored,
        M::SplitReversed,
        M::SplitFloors,
        M::SplitEachRounded,
        M::SplitRestToLast,
        M::KeyWithoutAccount,
    ],
};

fn accounts(who: &dyn Evaluator, seed: u64) -> Verdict {
    let Case { plan, sale, .. } = rich_case(seed);
    let Ok(outcome) = who.evaluate(&plan, &sale) else { return Ok(Bearing::Beside) };
    let plain = who.evaluate(&each_rule(&plan, |rule| drop(rule.remove("split"))), &sale)?;
    let slot =
        |row: &Row| (row.rule.clone(), row.line.clone(), row.source.clone(), row.level, row.payee.clone());
    let mut parts: BTreeMap<_, Vec<&Row>> = BTreeMap::new();
    outcome.rows.iter().for_each(|row| parts.entry(slot(row)).or_default().push(row));
    let keys: BTreeSet<&String> = outcome.rows.iter().map(|row| &row.key).collect();
    need(keys.len() == outcome.rows.len(), || "two rows have one key".into())?;
    need(parts.len() == plain.rows.len(), || "not the same slots are paid".into())?;
    let mut tested = false;
    for whole in &plain.rows {
        let rows = parts.get(&slot(whole)).ok_or("a slot is paid without `split` only")?;
        let sum: BigInt = rows.iter().map(|row| &row.amount).sum();
        need(sum == whole.amount, || format!("{sum} in accounts, {} in all", whole.amount))?;
        let rule =
            items(plan.get("rule")).iter().find(|rule| text(rule.get("id")).as_ref() == Some(&whole.rule));
        let split = entries(rule.and_then(|rule| rule.get("split")));
        for row in rows.iter().filter(|_| !split.is_empty()) {
            let share = split.get(&row.account).and_then(Node::as_text).ok_or("an account of no split")?;
            let exact = crate::naive::number::rate(share) * crate::naive::number::whole(whole.amount.clone());
            let off = exact - crate::naive::number::whole(row.amount.clone());
            let one = crate::naive::number::whole(1);
            need(off < one && -off.clone() < one, || format!("{row:?} is {off} off"))?;
            tested = true;
        }
    }
    Ok(if tested { Bearing::Tested } else { Bearing::Beside })
}

/// Chains: a rule on income gives the source's upline the same as a sale of that amount to the payee would,
/// whatever else the plan has.
pub(crate) const CHAINS: RewardLaw = Law {
    name: "L9 chains",
    holds: chains,
    suspects: &[
        M::WalksFromBuyer,
        M::IncomeIsPaid,
        M::HigherPassedOver,
        M::LowerArePeers,
        M::KeyWithoutSource,
    ],
};

fn chains(who: &dyn Evaluator, seed: u64) -> Verdict {
    let Case { plan, sale, .. } = case(seed);
    // Roles are left out: nobody states who stands above their holders.
    let sale = with(&each_line(&sale, |line| drop(line.remove("purpose"))), "roles", Node::map::<&str>([]));
    let peers = (!texts(plan.get("ranks")).is_empty() && seed % 2 == 0).then(|| ("rank", Node::from("same")));
    let stop = [("up", Node::from("referral"))].into_iter().chain(peers);
    let rates = Node::List(vec!["10%".into(), "5%".into()]);
    let mut chained = Vec::new();
    for rule in items(plan.get("rule")) {
        let id = text(rule.get("id")).expect("id");
        chained.push(Node::map([
            ("id", Node::Text(format!("after-{id}"))),
            ("after", id.as_str().into()),
            ("of", "income".into()),
            ("to", Node::map(stop.clone())),
            ("pay", Node::map([("levels", rates.clone())])),
        ]));
    }
    let rules = [items(plan.get("rule")), &chained].concat();
    let reason = || Node::from("random");
    let allowed: Vec<String> =
        rules.iter().filter_map(|rule| text(rule.get("id"))).chain(["plan".into()]).collect();
    let plan = with(&plan, "rule", Node::List(rules));
    let plan = with(&plan, "allow", Node::map(allowed.into_iter().map(|id| (id, reason()))));
    let Ok(outcome) = who.evaluate(&plan, &sale) else { return Ok(Bearing::Beside) };
    let keys: BTreeSet<&String> = outcome.rows.iter().map(|row| &row.key).collect();
    need(keys.len() == outcome.rows.len(), || "two rows have one key".into())?;
    let by_level = |rows: &mut dyn Iterator<Item = Row>| {
        let mut sums: BTreeMap<(String, usize), BigInt> = BTreeMap::new();
        rows.for_each(|row| *sums.entry((row.payee, row.level)).or_default() += row.amount);
        sums
    };
    let mut tested = false;
    for rule in &chained {
        let (id, source) = (text(rule.get("id")).expect("id"), text(rule.get("after")).expect("after"));
        let mut sold = Vec::new();
        for row in outcome.rows.iter().filter(|row| row.rule == source) {
            let (alone, of_one) = sold_to(&plan, rule, &sale, row).ok_or("a payee who stands nowhere")?;
            let of_one = Naive::HONEST.evaluate(&alone, &of_one);
            sold.extend(of_one.map_err(|fault| fault.name().to_owned())?.rows);
        }
        let expected = by_level(&mut sold.into_iter());
        let paid = by_level(&mut outcome.rows.iter().filter(|row| row.rule == id).cloned());
        need(paid == expected, || format!("{id} pays {paid:?}, sold alone {expected:?}"))?;
        tested |= !expected.is_empty();
    }
    Ok(if tested { Bearing::Tested } else { Bearing::Beside })
}

/// The rule as one of a sale of the amount of a row, to its payee; nothing where they stand nowhere.
fn sold_to(plan: &Node, rule: &Node, sale: &Node, row: &Row) -> Option<(Node, Node)> {
    let path: Vec<Node> =
        [sale.get("buyer")?.clone()].into_iter().chain(items(sale.get("upline")).to_vec()).collect();
    let stands = |person: &Node| match person.get("id") {
        Some(Node::Int(id)) => id.to_string() == row.payee,
        _ => false,
    };
    let at = path.iter().position(stands)?;
    let amount = i64::try_from(row.amount.clone()).ok()?;
    let line = Node::map([("paid", Node::Int(amount))]);
    let mut of_one = with(sale, "lines", Node::List(vec![line]));
    of_one = with(&of_one, "buyer", path[at].clone());
    of_one = with(&of_one, "upline", Node::List(path[at + 1..].to_vec()));
    let alone = edit_list(plan, "rule", |rules| {
        let mut rule = entries(Some(rule));
        rule.remove("after");
        rule.insert("of".into(), "paid".into());
        *rules = vec![Node::Map(rule)];
    });
    Some((alone, of_one))
}
