//! The JSON form of a sale.

use super::{Around, Facts, Override, Parties, Pay, Person, Purpose, Sale, SaleDraft, SaleLine, Used};
use crate::doc::{Fields, Node, NodeSink, Sink, Spot, distance};
use crate::error::{Code, Error, Result};
use crate::id::{LineId, MemberId, OrderId};
use crate::money::Currency;
use crate::time::Timestamp;
use std::collections::BTreeMap;

impl Sale {
    /// Reads a sale from its document; `currency` is the plan's and need not be repeated.
    ///
    /// In `upline`, `null` or an id of 0 means nobody and must be the last stop.
    ///
    /// # Errors
    /// Names the key, the value and the rule.
    pub fn from_node(node: &Node, currency: Currency) -> Result<Self> {
        let mut fields = Fields::new(node, "sale")?;
        let id = OrderId::from(fields.need_id("id")?);
        let stated = fields.text("currency")?.map(Currency::parse).transpose()?;
        if let Some(stated) = stated.filter(|stated| *stated != currency) {
            return Err(Error::new(
                Code::CurrencyMismatch,
                format!("sale {id} is in {stated}, the plan pays in {currency}"),
            ));
        }
        let mut lines = Vec::new();
        for (at, line) in fields.list("lines")?.iter().enumerate() {
            lines.push(line_from_node(line, at)?);
        }
        let parties = parties_from_fields(&mut fields, &format!("sale {id}"))?;
        let draft = SaleDraft {
            tenant: fields.text("tenant")?.unwrap_or_default().to_owned(),
            id,
            version: fields.count("version")?.unwrap_or(1),
            currency,
            placed_at: Timestamp::from_ms(fields.int("placed_at")?.unwrap_or(0)),
            buyer: parties.buyer,
            upline: parties.upline,
            roles: parties.roles,
            around: parties.around,
            used: used_from_fields(&mut fields)?,
            facts: parties.facts,
            lines,
        };
        fields.finish()?;
        Self::new(draft)
    }

    /// The document of this sale; reading it back gives the same sale.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let mut map = BTreeMap::new();
        let mut put = |key: &str, value: Node, default: bool| {
            if !default {
                map.insert(key.to_owned(), value);
            }
        };
        put("id", (&self.id).into(), false);
        put("tenant", self.tenant.as_str().into(), self.tenant.is_empty());
        put("version", i64::from(self.version).into(), self.version == 1);
        put("currency", self.currency.code().into(), false);
        put("placed_at", self.placed_at.ms().into(), self.placed_at.ms() == 0);
        put("buyer", person_to_node(&self.buyer), false);
        put("upline", people_to_node(&self.upline), self.upline.is_empty());
        put("roles", roles_to_node(&self.roles), self.roles.is_empty());
        for (key, value) in around_to_entries(&self.around) {
            put(key, value, false);
        }
        if let Some(used) = &self.used {
            put("used", used.iter().map(Used::to_node).collect::<Vec<_>>().into(), false);
        }
        put("facts", Node::Map(self.facts.clone()), self.facts.is_empty());
        put("lines", self.lines.iter().map(line_to_node).collect::<Vec<_>>().into(), false);
        Node::Map(map)
    }
}

impl SaleLine {
    /// Reads what a line has under `override`: rates by rule id.
    ///
    /// # Errors
    /// Names the rule and the value.
    pub fn overrides_from_node(node: &Node) -> Result<BTreeMap<String, Override>> {
        overrides(node, "sale line: `override`")
    }
}

/// Takes `buyer`, `upline`, `uplines`, `roles`, `regions` and `facts`; `null` or 0 as a stop means nobody and
/// must come last.
pub(crate) fn parties_from_fields(fields: &mut Fields<'_>, what: &str) -> Result<Parties> {
    let stops = fields.list("upline")?;
    let upline = upline_from_nodes(fields, stops, &format!("{what}: upline"))?;
    let mut around = Around::default();
    if let Some(node) = fields.take("uplines") {
        let trees = fields.within(node, format!("{what}: `uplines`"))?;
        for (tree, stops) in trees.rest() {
            let Node::List(stops) = stops else { return Err(trees.wrong(tree, "a list of stops", stops)) };
            let stops = upline_from_nodes(fields, stops, &format!("{what}: uplines.{tree}"))?;
            around.uplines.insert(tree.to_owned(), stops);
        }
    }
    let buyer = fields.need("buyer")?;
    let buyer = person_from_node(fields, buyer, &format!("{what}: buyer"))?
        .ok_or_else(|| fields.fault(Code::InvalidSale, "the buyer is nobody"))?;
    let roles = holders_from_fields(fields, "roles", (what, "role"))?;
    around.regions = holders_from_fields(fields, "regions", (what, "region"))?;
    let facts = facts_from_fields(fields, &format!("{what}: `facts`"))?;
    Ok(Parties { buyer, upline, roles, around, facts })
}

/// The stops of an upline that stands in a map, as strict as that is.
fn upline_from_nodes(within: &Fields<'_>, stops: &[Node], what: &str) -> Result<Vec<Person>> {
    let mut upline = Vec::new();
    for (at, stop) in stops.iter().enumerate() {
        match person_from_node(within, stop, &format!("{what}[{at}]"))? {
            Some(person) => upline.push(person),
            None if at + 1 == stops.len() => {}
            None => {
                let rule = format!("{what}[{at}] is nobody, so no stop may follow it");
                return Err(Error::new(Code::InvalidSale, rule));
            }
        }
    }
    Ok(upline)
}

/// Holders by what they hold; what nobody holds is left out.
fn holders_from_fields(
    fields: &mut Fields<'_>,
    key: &'static str,
    (what, kind): (&str, &str),
) -> Result<BTreeMap<String, Person>> {
    let mut holders = BTreeMap::new();
    let Some(node) = fields.take(key) else { return Ok(holders) };
    for (held, holder) in fields.within(node, format!("{what}: `{key}`"))?.rest() {
        if let Some(person) = person_from_node(fields, holder, &format!("{what}: {kind} {held}"))? {
            holders.insert(held.to_owned(), person);
        }
    }
    Ok(holders)
}

fn used_from_fields(fields: &mut Fields<'_>) -> Result<Option<Vec<Used>>> {
    let Some(node) = fields.take("used") else { return Ok(None) };
    let Node::List(items) = node else { return Err(fields.wrong("used", "a list", node)) };
    let read = |(at, node): (usize, &Node)| {
        let mut fields = Fields::new(node, format!("sale: used[{at}]"))?;
        let (rule, every) = (fields.text("rule")?.map(str::to_owned), fields.need_text("every")?.to_owned());
        let payee = fields.id("payee")?.map(MemberId::from);
        // An outcome's own entry: what was used before its sale, and by it.
        let (before, amount) = (fields.int("before")?.unwrap_or(0), fields.need_int("amount")?);
        if before < 0 {
            return Err(fields.fault(Code::InvalidSale, format!("`before` is {before}, below zero")));
        }
        let amount = before.checked_add(amount).ok_or_else(|| {
            let rule = format!("`before` {before} and `amount` {amount} do not fit 64 bits together");
            fields.fault(Code::Overflow, rule)
        })?;
        fields.finish()?;
        Ok(Used { rule, every, payee, amount })
    };
    items.iter().enumerate().map(read).collect::<Result<_>>().map(Some)
}

impl Used {
    fn to_node(&self) -> Node {
        let rule = self.rule.as_deref().map(|rule| ("rule", Node::from(rule)));
        let payee = self.payee.as_ref().map(|payee| ("payee", Node::from(payee)));
        let fixed = [("every", Node::from(self.every.as_str())), ("amount", self.amount.into())];
        Node::map(fixed.into_iter().chain(rule).chain(payee))
    }
}

/// What stands beside the upline, as entries of a document; nothing for nothing.
pub(crate) fn around_to_entries(around: &Around) -> impl Iterator<Item = (&'static str, Node)> {
    let uplines = (!around.uplines.is_empty()).then(|| {
        let trees = around.uplines.iter().map(|(tree, upline)| (tree.as_str(), people_to_node(upline)));
        ("uplines", Node::map(trees))
    });
    let regions = (!around.regions.is_empty()).then(|| ("regions", roles_to_node(&around.regions)));
    uplines.into_iter().chain(regions)
}

pub(crate) fn people_to_node(people: &[Person]) -> Node {
    people.iter().map(person_to_node).collect::<Vec<_>>().into()
}

pub(crate) fn roles_to_node(roles: &BTreeMap<String, Person>) -> Node {
    Node::map(roles.iter().map(|(role, person)| (role.as_str(), person_to_node(person))))
}

pub(crate) fn line_from_node(node: &Node, at: usize) -> Result<SaleLine> {
    line_from_fields(Fields::new(node, format!("sale: lines[{at}]"))?, at)
}

/// Takes the fields of a line; whatever is left are components. Of a line in a log, what is no amount is
/// something a later version knew.
pub(crate) fn line_from_fields(mut fields: Fields<'_>, at: usize) -> Result<SaleLine> {
    let id = match fields.id("id")? {
        Some(id) => LineId::from(id),
        None => LineId::from(u64::try_from(at + 1).unwrap_or(u64::MAX)),
    };
    let purpose = purpose_from_fields(&mut fields)?;
    let units = fields.count("units")?.unwrap_or(1);
    let facts = facts_from_fields(&mut fields, "sale line: `facts`")?;
    let overrides = overrides_from_fields(&mut fields)?;
    let mut components = BTreeMap::new();
    for (name, value) in fields.rest() {
        let Node::Int(minor) = value else {
            if fields.is_of_log() {
                continue;
            }
            return Err(fields.wrong(name, "an integer of minor units", value));
        };
        if let Some(meant) = misspelt(name).filter(|_| !fields.is_of_log()) {
            let rule = format!("unknown key `{name}`; did you mean `{meant}`?");
            return Err(fields.fault(Code::UnknownKey, rule));
        }
        components.insert(name.to_owned(), *minor);
    }
    Ok(SaleLine { id, units, components, purpose, facts, overrides })
}

/// The keys of a line that are long enough to be misspelt.
const KEYS: &[&str] = &[
    "units",
    "purpose",
    "facts",
    "override",
    "added_tax",
    "fulfilment",
    "merchant",
    "paid",
    "member",
    "shipping",
    "points",
];

/// The key of a line that somebody meant who named a component almost like it: a letter away, two letters
/// from a key of eight, or two letters in the wrong order.
pub(crate) fn misspelt(name: &str) -> Option<&'static str> {
    if KEYS.contains(&name) {
        return None;
    }
    let letters = |text: &str| {
        let mut letters: Vec<char> = text.chars().collect();
        letters.sort_unstable();
        letters
    };
    let near = |key: &&&'static str| {
        let away = distance(name, key);
        away <= if key.len() < 8 { 1 } else { 2 } || (away == 2 && letters(name) == letters(key))
    };
    KEYS.iter().find(near).copied()
}

pub(crate) fn line_to_node(line: &SaleLine) -> Node {
    NodeSink::of(|sink| write_line(sink, line))
}

/// Writes the fields of a line in byte order; components are fields of their own among the fixed ones.
pub(crate) fn write_line(sink: &mut impl Sink, line: &SaleLine) {
    write_line_with(sink, line, &[]);
}

/// Writes the fields of a line and `more` fields, which are no component, in byte order.
pub(crate) fn write_line_with(sink: &mut impl Sink, line: &SaleLine, more: &[(&'static str, Node)]) {
    let mut keys: Vec<&str> = line.components.keys().map(String::as_str).collect();
    keys.extend(["facts", "id", "override", "purpose", "units"]);
    keys.extend(more.iter().map(|(key, _)| *key));
    keys.sort_unstable();
    keys.dedup();
    for key in keys {
        match key {
            "id" => sink.text(key, line.id.as_str()),
            "units" if line.units != 1 => sink.count(key, line.units),
            "purpose" if line.purpose != Purpose::Goods => sink.text(key, line.purpose.name()),
            "facts" if !line.facts.is_empty() => sink.tree(key, &line.facts),
            "override" if !line.overrides.is_empty() => sink.node(key, &overrides_to_node(&line.overrides)),
            _ => {
                if let Some((_, value)) = more.iter().find(|(name, _)| *name == key) {
                    sink.node(key, value);
                } else if let Some(minor) = line.components.get(key) {
                    sink.int(key, *minor);
                }
            }
        }
    }
}

pub(crate) fn purpose_from_fields(fields: &mut Fields<'_>) -> Result<Purpose> {
    match fields.text("purpose")? {
        None | Some("goods") => Ok(Purpose::Goods),
        Some("joining") => Ok(Purpose::Joining),
        Some("deposit") => Ok(Purpose::Deposit),
        Some(other) => {
            let rule = format!("`purpose` is `{other}`; one of goods, joining, deposit");
            Err(fields.fault(Code::UnknownWord, rule))
        }
    }
}

pub(crate) fn overrides_from_fields(fields: &mut Fields<'_>) -> Result<BTreeMap<String, Override>> {
    let Some(node) = fields.take("override") else { return Ok(BTreeMap::new()) };
    overrides(node, &format!("{}: `override`", fields.what()))
}

fn overrides(node: &Node, what: &str) -> Result<BTreeMap<String, Override>> {
    let tables = Fields::new(node, what)?;
    tables.rest().map(|(rule, table)| Ok((rule.to_owned(), override_from_node(table, rule)?))).collect()
}

pub(crate) fn overrides_to_node(overrides: &BTreeMap<String, Override>) -> Node {
    let tables = overrides.iter().map(|(rule, table)| {
        let ranks = table
            .iter()
            .map(|(rank, pays)| (rank.as_str(), pays.iter().map(pay_to_node).collect::<Vec<_>>()));
        (rule.as_str(), Node::map(ranks.map(|(rank, pays)| (rank, Node::List(pays)))))
    });
    Node::map(tables)
}

/// A person is an id, or a map of `id`, `rank` and facts; `null` and 0 are nobody. Of a person in a log, what
/// is no fact is something a later version knew.
fn person_from_node(within: &Fields<'_>, node: &Node, what: &str) -> Result<Option<Person>> {
    if !matches!(node, Node::Map(_)) {
        let id = crate::id::ExternalId::from_node(node).map_err(|error| error.within(what))?;
        return Ok(id.map(|id| Person::new(MemberId::from(id))));
    }
    let mut fields = within.within(node, what)?;
    let id = fields.id("id")?;
    let rank = fields.text("rank")?.map(str::to_owned);
    let facts = facts_of(&fields, what)?;
    Ok(id.map(|id| Person { id: id.into(), rank, facts }))
}

pub(crate) fn person_to_node(person: &Person) -> Node {
    if person.rank.is_none() && person.facts.is_empty() {
        return (&person.id).into();
    }
    let mut map = person.facts.clone();
    map.insert("id".into(), (&person.id).into());
    if let Some(rank) = &person.rank {
        map.insert("rank".into(), rank.as_str().into());
    }
    Node::Map(map)
}

/// Takes `facts`, as strict as the map they stand in.
pub(crate) fn facts_from_fields(fields: &mut Fields<'_>, what: &str) -> Result<Facts> {
    fields.take("facts").map_or(Ok(Facts::new()), |node| facts_of(&fields.within(node, what)?, what))
}

/// Every key nobody took is a fact. In a log, what no fact can be is something a later version knew.
fn facts_of(fields: &Fields<'_>, what: &str) -> Result<Facts> {
    let mut facts = Facts::new();
    for (name, value) in fields.rest() {
        match fact(name, value, what) {
            Ok(plain) => _ = facts.insert(name.to_owned(), plain),
            Err(_) if fields.is_of_log() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(facts)
}

fn fact(name: &str, value: &Node, what: &str) -> Result<Node> {
    let plain = |node: &Node| matches!(node, Node::Bool(_) | Node::Int(_) | Node::Text(_));
    let wrong = match value {
        Node::List(items) => items.iter().find(|item| !plain(item)),
        single => Some(single).filter(|single| !plain(single)),
    };
    wrong.map_or_else(
        || Ok(value.clone()),
        |wrong| {
            let wanted = "true, false, an integer, text or a list of these";
            Err(crate::doc::invalid(&format!("{what}: fact `{name}`"), wanted, wrong))
        },
    )
}

/// `["5%", "2%"]`, `"5%"`, or a table of them by rank with `any`.
fn override_from_node(node: &Node, rule: &str) -> Result<Override> {
    let what = format!("sale line: override of rule `{rule}`");
    let list = |node: &Node| -> Result<Vec<Pay>> {
        match node {
            Node::List(items) => items.iter().map(|item| pay_from_node(item, &what)).collect(),
            single => Ok(vec![pay_from_node(single, &what)?]),
        }
    };
    match node {
        Node::Map(map) => map.iter().map(|(rank, pays)| Ok((rank.clone(), list(pays)?))).collect(),
        pays => Ok(Override::from([("any".to_owned(), list(pays)?)])),
    }
}

/// Reads a rate text or a whole number of minor units per unit sold.
pub(crate) fn pay_from_node(node: &Node, what: &str) -> Result<Pay> {
    match node {
        Node::Text(text) => {
            let fault = |error| Error::from(error).within(what).about(Spot::of(node));
            let rate = text.parse().map_err(fault)?;
            Ok(Pay::Share(rate))
        }
        Node::Int(minor) => u32::try_from(*minor).map(Pay::PerUnit).map_err(|_| {
            let rule = format!("{what}: {minor} minor units per unit is outside 0..=4294967295");
            Error::new(Code::InvalidValue, rule).about(Spot::of(node))
        }),
        other => Err(crate::doc::invalid(what, "a rate such as \"5%\" or minor units per unit", other)),
    }
}

pub(crate) fn pay_to_node(pay: &Pay) -> Node {
    match pay {
        Pay::Share(rate) => rate.to_string().into(),
        Pay::PerUnit(minor) => i64::from(*minor).into(),
    }
}
