//! Inputs as columns: numbers separated by commas.

use fenrun::doc::Node;
use fenrun::money::Rounding;
use std::collections::BTreeMap;

/// A missing column.
const NONE: &str = "-";

/// `total, mode, share rounding, weights, caps, ids`; nothing for inputs that only the general call takes.
pub(super) fn allocate(input: &Node) -> Option<Vec<String>> {
    let modes =
        ["largest_remainder", "first_shares", "last_takes_rest", "largest_weight_first", "first_keys"];
    let mode = input.get("mode").map_or(Some(modes[0]), Node::as_text)?;
    let mode = modes.iter().position(|known| *known == mode)?;
    let rounding = input.get("share_round").map_or(Some("floor"), Node::as_text)?;
    let rounding = Rounding::ALL.iter().position(|known| known.name() == rounding)?;
    let weights = numbers(input.get("weights")?)?;
    let caps = optional(input, "caps")?;
    let ids = optional(input, "ids")?;
    // The columns of the call have one length, and weights have no sign.
    let same = |column: &Option<Vec<i64>>| column.as_ref().is_none_or(|column| column.len() == weights.len());
    if weights.iter().any(|weight| *weight < 0) || !same(&caps) || !same(&ids) {
        return None;
    }
    let total = int(input.get("total")?)?;
    let column = |column: Option<Vec<i64>>| column.map_or_else(|| NONE.to_owned(), |values| joined(&values));
    Some(vec![
        total.to_string(),
        mode.to_string(),
        rounding.to_string(),
        joined(&weights),
        column(caps),
        column(ids),
    ])
}

/// Texts under keys.
pub(super) fn texts(input: &Node, keys: &[&str]) -> Option<Vec<String>> {
    keys.iter().map(|key| Some(input.get(key)?.as_text()?.to_owned())).collect()
}

/// `members, inviters, ranks, rank names`, the number of facts and for each `name, f n or t, values, words`,
/// then `order ids, buyers, line ids, units`, the number of components and for each `name, values`, then
/// `overrides, table`; nothing for inputs that only the general call takes.
pub(super) fn settle(input: &Node, ranks: &[String]) -> Option<Vec<String>> {
    let mut fields = members(list(input.get("members")?)?, ranks)?;
    fields.extend(sales(list(input.get("sales")?)?)?);
    Some(fields)
}

fn members(members: &[Node], ranks: &[String]) -> Option<Vec<String>> {
    let nobody = Node::Int(0);
    let (mut ids, mut inviters, mut codes) = (Vec::new(), Vec::new(), Vec::new());
    let mut facts = BTreeMap::<&str, Vec<&Node>>::new();
    for (at, member) in members.iter().enumerate() {
        let Node::Map(map) = member else { return None };
        ids.push(int(member.get("id")?)?);
        inviters.push(int(member.get("inviter").filter(|node| **node != Node::Null).unwrap_or(&nobody))?);
        codes.push(match member.get("rank") {
            None => 0,
            Some(rank) => {
                let place = ranks.iter().position(|known| Some(known.as_str()) == rank.as_text())?;
                i64::try_from(place + 1).ok()?
            }
        });
        for (name, value) in
            map.iter().filter(|(name, _)| !["id", "inviter", "rank"].contains(&name.as_str()))
        {
            facts.entry(name).or_default().push(value);
        }
        if facts.values().any(|values| values.len() != at + 1) {
            return None;
        }
    }
    let ranked = codes.iter().any(|code| *code > 0);
    let names = Node::List(ranks.iter().map(|rank| rank.as_str().into()).collect());
    let mut fields = vec![
        joined(&ids),
        joined(&inviters),
        if ranked { joined(&codes) } else { NONE.into() },
        names.to_json(),
        facts.len().to_string(),
    ];
    for (name, values) in facts {
        let (kind, column, words) = fact(&values)?;
        fields.extend([name.to_owned(), kind.to_owned(), joined(&column), words]);
    }
    Some(fields)
}

/// The kind, the numbers and the words of a fact.
fn fact(values: &[&Node]) -> Option<(&'static str, Vec<i64>, String)> {
    if let Some(flags) = each(values, |node| match node {
        Node::Bool(flag) => Some(i64::from(*flag)),
        _ => None,
    }) {
        return Some(("f", flags, NONE.into()));
    }
    if let Some(numbers) = each(values, int) {
        return Some(("n", numbers, NONE.into()));
    }
    let texts = each(values, |node| node.as_text().map(str::to_owned))?;
    let codes = (0..i64::try_from(texts.len()).ok()?).collect();
    let words = Node::List(texts.into_iter().map(Node::Text).collect());
    Some(("t", codes, words.to_json()))
}

fn sales(sales: &[Node]) -> Option<Vec<String>> {
    let mut columns = [const { Vec::new() }; 4];
    let mut components = BTreeMap::<&str, Vec<i64>>::new();
    let (mut overrides, mut table) = (Vec::new(), Vec::new());
    for sale in sales {
        let (id, buyer) = (int(sale.get("id")?)?, int(sale.get("buyer")?)?);
        for (number, line) in (1..).zip(list(sale.get("lines")?)?) {
            let Node::Map(map) = line else { return None };
            columns[0].push(id);
            columns[1].push(buyer);
            columns[2].push(line.get("id").map_or(Some(number), int)?);
            columns[3].push(line.get("units").map_or(Some(1), int)?);
            overrides.push(match line.get("override") {
                None => 0,
                Some(entry) => {
                    table.push(entry.clone());
                    i64::try_from(table.len()).ok()?
                }
            });
            for (name, value) in
                map.iter().filter(|(name, _)| !["id", "units", "override"].contains(&name.as_str()))
            {
                components.entry(name).or_default().push(int(value)?);
            }
            if components.values().any(|values| values.len() != columns[0].len()) {
                return None;
            }
        }
    }
    let paid = components.remove("paid").unwrap_or_default();
    // The call has a column of what was paid, always, and one of order ids in which lines stand together.
    let mut orders: Vec<i64> = columns[0].clone();
    orders.dedup();
    if paid.len() != columns[0].len() || orders.len() != sales.len() {
        return None;
    }
    let mut fields: Vec<String> = columns.iter().map(|column| joined(column)).collect();
    fields.push(joined(&paid));
    fields.push(components.len().to_string());
    for (name, values) in components {
        fields.extend([name.to_owned(), joined(&values)]);
    }
    let stated = !table.is_empty();
    fields.push(if stated { joined(&overrides) } else { NONE.into() });
    fields.push(if stated { Node::List(table).to_json() } else { NONE.into() });
    Some(fields)
}

fn each<T>(values: &[&Node], read: impl Fn(&Node) -> Option<T>) -> Option<Vec<T>> {
    values.iter().map(|node| read(node)).collect()
}

fn int(node: &Node) -> Option<i64> {
    match node {
        Node::Int(value) => Some(*value),
        _ => None,
    }
}

fn list(node: &Node) -> Option<&[Node]> {
    match node {
        Node::List(items) => Some(items),
        _ => None,
    }
}

fn numbers(node: &Node) -> Option<Vec<i64>> {
    list(node)?.iter().map(int).collect()
}

/// `Some(None)` for a column that is not there, `None` for one that does not fit.
#[expect(clippy::option_option, reason = "absent and unfit are different here")]
fn optional(input: &Node, key: &str) -> Option<Option<Vec<i64>>> {
    input.get(key).map_or(Some(None), |node| numbers(node).map(Some))
}

fn joined(values: &[i64]) -> String {
    values.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
}
