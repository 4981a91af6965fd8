//! From a document to a schedule.

use super::{Names, check_name, stops, unknown_word};
use crate::doc::{Fields, Node, Spot, did_you_mean, invalid};
use crate::error::{Code, Error, Result};
use crate::money::Rate;
use crate::reward::plan::rates::check_fact;
use crate::reward::plan::rule::Rule;
use crate::reward::plan::schedule::{
    Ladder, LadderShape, PairRate, Pairing, Schedule, Share, Span, Step, Unmatched, Weights,
};
use crate::reward::plan::stop::REFERRAL;
use crate::reward::plan::{Amount, MAX_LEVELS, RateTable};
use crate::sale::Pay;
use std::collections::BTreeMap;

/// The most steps of a ladder, terms of a polynomial and ratios of pairs.
const MAX_STEPS: usize = 256;

/// One schedule; its first key names it, the others are its options.
pub(super) fn schedule(node: &Node, what: &str, known: &Names<'_>) -> Result<Schedule> {
    let mut fields = Fields::table(node, format!("{what}: `pay`"))?;
    let kinds = ["levels", "differential", "ladder", "pairing", "share"];
    let nodes = kinds.map(|kind| fields.take(kind).map(|node| (kind, node)));
    let mut stated = nodes.into_iter().flatten();
    let (first, second) = (stated.next(), stated.next());
    let options = Options::read(&mut fields, first.map(|(kind, _)| kind))?;
    // A misspelt key is named before the one it was meant to be is missed.
    options.check(&fields, node, known)?;
    let wrong = fields
        .fault(Code::InvalidValue, "write one of `levels`, `differential`, `ladder`, `pairing`, `share`");
    fields.finish()?;
    let (Some((kind, node)), None) = (first, second) else { return Err(wrong) };
    let place = format!("{what}: `{kind}`");
    let read = match kind {
        "levels" => levels(node, &place, options.block),
        "differential" => RateTable::read_single(node, &place).map(Schedule::Differential),
        "ladder" => ladder(node, &place, options),
        "pairing" => pairing(node, &place, options),
        _ => share(node, &place, options),
    };
    read.map_err(|error| error.about(Spot::of(node)))
}

/// The keys beside the one that names a schedule.
struct Options<'a> {
    block: bool,
    by: Option<String>,
    team: Option<bool>,
    marginal: bool,
    tree: Option<String>,
    unit: Option<i64>,
    unmatched: Option<Unmatched>,
    weights: Option<&'a Node>,
}

impl<'a> Options<'a> {
    /// Reads them; `kind` is the schedule they must go with.
    fn read(fields: &mut Fields<'a>, kind: Option<&str>) -> Result<Self> {
        let owners: [(&'static str, &[&str]); 8] = [
            ("block", &["levels"]),
            ("by", &["ladder"]),
            ("span", &["ladder"]),
            ("marginal", &["ladder"]),
            ("tree", &["ladder", "pairing"]),
            ("unit", &["pairing"]),
            ("unmatched", &["pairing"]),
            ("weights", &["share"]),
        ];
        for (key, kinds) in owners {
            if fields.take(key).is_some() && !kind.is_some_and(|kind| kinds.contains(&kind)) {
                let rule = format!("`{key}` goes with `{}`", kinds.join("` and `"));
                return Err(fields.fault(Code::InvalidValue, rule));
            }
        }
        Ok(Self {
            block: match fields.text("block")? {
                None => false,
                Some("rank") => true,
                Some(other) => return Err(unknown_word(fields, "block", other, "rank")),
            },
            by: fields.text("by")?.map(str::to_owned),
            team: match fields.text("span")? {
                None => None,
                Some("own") => Some(false),
                Some("team") => Some(true),
                Some(other) => return Err(unknown_word(fields, "span", other, "own, team")),
            },
            marginal: fields.flag("marginal")?.unwrap_or(false),
            tree: fields.text("tree")?.map(str::to_owned),
            unit: fields.int("unit")?,
            unmatched: match fields.text("unmatched")? {
                None => None,
                Some("carry") => Some(Unmatched::Carry),
                Some("flush") => Some(Unmatched::Flush),
                Some(other) => return Err(unknown_word(fields, "unmatched", other, "carry, flush")),
            },
            weights: fields.take("weights"),
        })
    }
}

impl Options<'_> {
    /// What is wrong with an option whatever it goes with.
    fn check(&self, fields: &Fields<'_>, pay: &Node, known: &Names<'_>) -> Result<()> {
        if self.by.as_deref() == Some("") {
            let fault = fields.fault(Code::InvalidValue, "`by` is empty");
            return Err(fault.about(Spot::entry(pay, "by")));
        }
        if let Some(unit) = self.unit.filter(|unit| *unit <= 0) {
            return Err(fields.fault(Code::InvalidValue, format!("`unit` is {unit}; a unit is above zero")));
        }
        self.tree.as_ref().map_or(Ok(()), |tree| {
            stops::check_tree(tree, fields.what(), known)
                .map_err(|error| error.about(Spot::entry(pay, "tree")))
        })
    }
}

fn levels(node: &Node, place: &str, block: bool) -> Result<Schedule> {
    if node.get("first").is_none() && node.get("ratio").is_none() {
        let table = RateTable::read_levels(node, place, MAX_LEVELS)?;
        return Ok(if block { Schedule::Infinity(table) } else { Schedule::Levels(table) });
    }
    let mut fields = Fields::table(node, place)?;
    let (first, ratio) = (fields.need_text("first")?, fields.need_text("ratio")?);
    fields.finish()?;
    let rate = |text: &str| text.parse::<Rate>().map_err(|error| Error::from(error).within(place));
    let (first, ratio) = (rate(first)?, rate(ratio)?);
    let fault = |rule: String| Err(Error::new(Code::InvalidValue, format!("{place}: {rule}")));
    if block {
        return fault("`block` goes with a list of rates, not with { first, ratio }".to_owned());
    }
    if ratio >= Rate::ONE || first.is_zero() || ratio.is_zero() {
        return fault(format!("first {first}, ratio {ratio}; both are above 0 and the ratio below 1"));
    }
    Ok(Schedule::Geometric { first, ratio })
}

fn ladder(node: &Node, place: &str, options: Options<'_>) -> Result<Schedule> {
    let fault = |rule: &str| Err(Error::new(Code::InvalidValue, format!("{place}: {rule}")));
    let team = options.team.unwrap_or(false);
    if options.tree.is_some() && !team {
        return fault("`tree` goes with `span = \"team\"`");
    }
    if options.marginal && options.by.is_some() {
        return fault("`marginal` steps cut the base itself; leave `by` out");
    }
    let shape = match node {
        Node::Map(_) if options.marginal => return fault("a polynomial has no marginal steps"),
        Node::Map(_) if !team => return fault("a polynomial is read on `span = \"team\"`"),
        Node::Map(_) => polynomial(node, place)?,
        steps if options.marginal => LadderShape::Marginal(self::steps(steps, place)?),
        steps => LadderShape::Whole(self::steps(steps, place)?),
    };
    let tree = options.tree.unwrap_or_else(|| REFERRAL.to_owned());
    let span = if team { Span::Team(tree) } else { Span::Own };
    Ok(Schedule::Ladder(Ladder { by: options.by, span, shape }))
}

/// `[[from, rate], …]`, from low to high.
fn steps(node: &Node, place: &str) -> Result<Vec<Step>> {
    let Node::List(items) = node else {
        return Err(invalid(place, "a list of steps such as [[100, \"3%\"]]", node));
    };
    let fault = |rule: String| Err(Error::new(Code::InvalidValue, format!("{place}: {rule}")));
    if items.is_empty() || items.len() > MAX_STEPS {
        return fault(format!("{} steps; a ladder has 1 to {MAX_STEPS}", items.len()));
    }
    let mut steps: Vec<Step> = Vec::with_capacity(items.len());
    for item in items {
        let step = match item {
            Node::List(pair) => match pair.as_slice() {
                [Node::Int(from), Node::Text(rate)] if *from >= 0 => {
                    let rate = rate.parse().map_err(|error| Error::from(error).within(place))?;
                    Step { from: *from, rate }
                }
                _ => return Err(invalid(place, "steps such as [100, \"3%\"]", item)),
            },
            _ => return Err(invalid(place, "steps such as [100, \"3%\"]", item)),
        };
        if let Some(last) = steps.last().filter(|last| last.from >= step.from) {
            return fault(format!("the step at {} follows the one at {}; steps rise", step.from, last.from));
        }
        steps.push(step);
    }
    Ok(steps)
}

/// `{ polynomial = [c1, c2, …] }`.
fn polynomial(node: &Node, place: &str) -> Result<LadderShape> {
    let mut fields = Fields::table(node, place)?;
    let items = fields.list("polynomial")?;
    fields.all_known()?;
    if items.is_empty() || items.len() > MAX_STEPS {
        let rule = format!("`polynomial` lists {} coefficients; 1 to {MAX_STEPS}", items.len());
        return Err(fields.fault(Code::InvalidValue, rule));
    }
    let read = |item: &Node| {
        let text = item.as_text().ok_or_else(|| invalid(place, "coefficients such as \"1/2\"", item))?;
        text.parse().map_err(|error| Error::from(error).within(place))
    };
    items.iter().map(read).collect::<Result<_>>().map(LadderShape::Polynomial)
}

/// `{ "2:1" = "15%", "1:1" = "10%" }`.
fn pairing(node: &Node, place: &str, options: Options<'_>) -> Result<Schedule> {
    let fault = |rule: String| Error::new(Code::InvalidValue, format!("{place}: {rule}"));
    let table = Fields::table(node, place)?;
    let mut rates = Vec::new();
    for (ratio, rate) in table.rest() {
        let parts = ratio.split_once(':').and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
        let (strong, weak) =
            parts.filter(|(strong, weak): &(u32, u32)| *weak > 0 && strong >= weak).ok_or_else(|| {
                fault(format!("`{ratio}` is no ratio; write \"1:1\" or \"2:1\", the strong leg first"))
            })?;
        let text = rate.as_text().ok_or_else(|| table.wrong(ratio, "a rate such as \"10%\"", rate))?;
        rates.push(PairRate { strong, weak, rate: text.parse().map_err(|e| Error::from(e).within(place))? });
    }
    if rates.is_empty() || rates.len() > MAX_STEPS {
        return Err(fault(format!("{} ratios; a pairing has 1 to {MAX_STEPS}", rates.len())));
    }
    let cross = |a: &PairRate, b: &PairRate| u64::from(a.strong) * u64::from(b.weak);
    rates.sort_by(|a, b| cross(b, a).cmp(&cross(a, b)));
    let twice = rates.iter().zip(rates.iter().skip(1)).find(|(a, b)| cross(a, b) == cross(b, a));
    if let Some((a, b)) = twice {
        return Err(fault(format!("{}:{} and {}:{} are one ratio", a.strong, a.weak, b.strong, b.weak)));
    }
    let missing = |key: &str| Error::new(Code::MissingKey, format!("{place}: the key `{key}` is missing"));
    let tree = options.tree.ok_or_else(|| missing("tree"))?;
    let unit = options.unit.ok_or_else(|| missing("unit"))?;
    let unmatched = options.unmatched.ok_or_else(|| missing("unmatched"))?;
    Ok(Schedule::Pairing(Pairing { rates, tree, unit, unmatched }))
}

fn share(node: &Node, place: &str, options: Options<'_>) -> Result<Schedule> {
    let text = node.as_text().ok_or_else(|| invalid(place, "a rate such as \"10%\"", node))?;
    let rate = text.parse().map_err(|error| Error::from(error).within(place))?;
    let weights = match options.weights {
        None => Weights::Equal,
        Some(node) if node.get("fact").is_some() => {
            let mut fields = Fields::table(node, format!("{place}: `weights`"))?;
            let fact = fields.need_text("fact")?.to_owned();
            check_fact(&fact, &fields).map_err(|error| error.about(Spot::entry(node, "fact")))?;
            fields.finish()?;
            Weights::Fact(fact)
        }
        Some(node) => {
            let table = Fields::table(node, format!("{place}: `weights`"))?;
            let entry = |(key, node): (&str, &Node)| {
                let weight = match node {
                    Node::Int(weight) => u32::try_from(*weight).ok(),
                    _ => None,
                };
                let wrong = || table.wrong(key, "a whole number from 0 to 4294967295", node);
                check_name(&table, "weights", key)?;
                Ok((key.to_owned(), weight.ok_or_else(wrong)?))
            };
            let weights: BTreeMap<String, u32> = table.rest().map(entry).collect::<Result<_>>()?;
            if weights.values().all(|weight| *weight == 0) {
                return Err(table.fault(Code::InvalidValue, "nobody has a weight above zero"));
            }
            Weights::Table(weights)
        }
    };
    Ok(Schedule::Share(Share { rate, weights }))
}

/// Every key of the table is a rank, a label or a role; a differential table does not mix its two kinds.
pub(super) fn check_table(rule: &Rule, ranks: &[String]) -> Result<()> {
    let known = rule.rate_keys(ranks);
    if let Some(key) = rule.pay.keys().find(|key| !known.contains(key)) {
        let hint = did_you_mean(key, "it has", known.iter().copied());
        let error =
            format!("rule `{}`: `{key}` in the rate table is no rank, label or role; {hint}", rule.id);
        return Err(Error::new(Code::InvalidValue, error));
    }
    if let Schedule::Infinity(_) = rule.pay {
        if ranks.is_empty() {
            let error =
                format!("rule `{}`: `block = \"rank\"` goes by the plan's `ranks`; it has none", rule.id);
            return Err(Error::new(Code::InvalidValue, error));
        }
    }
    if let Schedule::Differential(table) = &rule.pay {
        let per_unit = |amount: &Amount| matches!(amount, Amount::Fixed(Pay::PerUnit(_)));
        let units = table.iter().flat_map(|(_, list)| list).filter(|amount| per_unit(amount)).count();
        if units != 0 && units != table.iter().count() {
            let error =
                format!("rule `{}`: a differential table holds shares only or integers only", rule.id);
            return Err(Error::new(Code::InvalidValue, error));
        }
    }
    Ok(())
}
