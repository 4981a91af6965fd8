//! From a document to a plan.

mod caps;
mod combine;
mod declared;
mod pay;
mod rule;
mod stops;

pub(in crate::reward) use stops::MAX_LISTED;

use super::rule::Rule;
use super::{MAX_NAME_BYTES, MAX_RULES, Plan, order};
use crate::doc::{Fields, Node, Spot, did_you_mean, invalid};
use crate::error::{Code, Error, Result, is_hidden};
use crate::id::MAX_ID_BYTES;
use crate::money::Currency;
use crate::words::counted;
use std::collections::BTreeMap;

/// The clock of a plan that does not say which: Beijing's.
pub(super) const DEFAULT_UTC_OFFSET: i32 = 8 * 60;

/// What rules are read against.
struct Names<'a> {
    ranks: &'a [String],
    trees: &'a BTreeMap<String, super::TreePolicy>,
}

pub(super) fn plan(node: &Node) -> Result<Plan> {
    check_texts(node)?;
    let mut fields = Fields::table(node, "plan")?;
    check_schema(&mut fields)?;
    let name = text(&mut fields, "name")?;
    if name.len() > MAX_NAME_BYTES {
        let rule = format!("`name` has {} bytes; at most {MAX_NAME_BYTES}", name.len());
        return Err(fields.fault(Code::InvalidValue, rule));
    }
    // What no deeper reader placed stands under the key at least.
    let under = |key: &'static str| move |error: Error| error.about(Spot::entry(node, key));
    let currency = Currency::parse(&text(&mut fields, "currency")?)
        .map_err(|error| Error::from(error).within("plan"))
        .map_err(under("currency"))?;
    let (ranks, mut rank_rules) = declared::ranks(&mut fields).map_err(under("ranks"))?;
    let trees = declared::trees(&mut fields).map_err(under("tree"))?;
    let utc_offset_minutes = declared::utc_offset(&mut fields).map_err(under("utc_offset"))?;
    let allow = allow(&mut fields).map_err(under("allow"))?;
    let items = fields.list("rule")?;
    if items.is_empty() || items.len() > MAX_RULES {
        let rule = format!("`rule` lists {}; a plan has 1 to {MAX_RULES}", counted(items.len(), "rule"));
        return Err(fields.fault(Code::InvalidValue, rule));
    }
    let caps = caps::of_plan(&mut fields).map_err(under("cap"))?;
    fields.finish()?;
    let known = Names { ranks: &ranks, trees: &trees };
    let mut rules: Vec<Rule> = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate() {
        // What is wrong inside a rule stands there, or at least the rule does.
        let rule = rule::rule(item, at, &known).map_err(|error| error.about(Spot::of(item)))?;
        if rules.iter().any(|known| known.id == rule.id) {
            let error = Error::new(Code::InvalidValue, format!("plan: two rules have the id `{}`", rule.id));
            return Err(error.about(Spot::entry(item, "id")));
        }
        rules.push(rule);
    }
    let sequence = order::sequence(&rules)?;
    for (at, clock) in &sequence {
        combine::check(&rules[*at], *clock).map_err(|error| error.about(Spot::of(&items[*at])))?;
        combine::check_caps(&caps, &rules[*at], *clock).map_err(under("cap"))?;
    }
    caps::check_shares("plan", "plan", &caps, &allow).map_err(under("cap"))?;
    for (item, rule) in items.iter().zip(&rules) {
        caps::check_shares(&format!("rule `{}`", rule.id), &rule.id, &rule.caps, &allow)
            .map_err(|error| error.about(Spot::entry(item, "cap")))?;
    }
    let known =
        |id: &str| matches!(id, "plan" | "ranks" | "distribute") || rules.iter().any(|rule| rule.id == id);
    if let Some(unknown) = allow.keys().find(|id| !known(id)) {
        let hint = did_you_mean(unknown, "its rules", rules.iter().map(|rule| rule.id.as_str()));
        let error = format!("plan: `allow` names `{unknown}`, which is no rule of this plan; {hint}");
        return Err(Error::new(Code::InvalidValue, error).about(Spot::entry(node, "allow")));
    }
    super::kinds::tell(&mut rules, &mut rank_rules);
    Ok(Plan {
        name,
        currency,
        ranks,
        rank_rules,
        trees,
        utc_offset_minutes,
        rules,
        sequence,
        caps,
        allow,
        canonical: String::new(),
        hash: String::new(),
    })
}

fn check_schema(fields: &mut Fields<'_>) -> Result<()> {
    match fields.text("schema")? {
        Some("fenrun.plan/1") => Ok(()),
        Some(other) => {
            let rule = format!("`schema` is `{other}`; this version reads `fenrun.plan/1`");
            Err(fields.fault(Code::InvalidValue, rule))
        }
        None => Err(fields.fault(Code::MissingKey, "the key `schema` is missing; write `fenrun.plan/1`")),
    }
}

fn allow(fields: &mut Fields<'_>) -> Result<BTreeMap<String, String>> {
    let mut allow = BTreeMap::new();
    if let Some(node) = fields.take("allow") {
        for (rule, reason) in Fields::table(node, "plan: `allow`")?.rest() {
            let text = reason.as_text().filter(|reason| !reason.trim().is_empty());
            let reason =
                text.ok_or_else(|| invalid(&format!("plan: `allow.{rule}`"), "a reason as text", reason))?;
            allow.insert(rule.to_owned(), reason.to_owned());
        }
    }
    Ok(allow)
}

fn text(fields: &mut Fields<'_>, key: &'static str) -> Result<String> {
    match fields.text(key)? {
        None => Err(fields.missing(key)),
        Some("") => Err(fields.fault(Code::MissingKey, format!("`{key}` is empty"))),
        Some(text) => Ok(text.to_owned()),
    }
}

fn names(fields: &mut Fields<'_>, key: &'static str) -> Result<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for item in fields.list(key)? {
        let Node::Text(name) = item else { return Err(fields.wrong(key, "a list of names", item)) };
        let fault = |rule: &str| fields.fault(Code::InvalidValue, format!("`{key}`: {rule}"));
        if name.is_empty() {
            return Err(fault("a name is empty"));
        }
        if name == "any" {
            return Err(fault("`any` is reserved for everybody else"));
        }
        if names.contains(name) {
            return Err(fault(&format!("`{name}` stands twice")));
        }
        check_name(fields, key, name)?;
        names.push(name.clone());
    }
    Ok(names)
}

/// Ids and names are as long as any id, and look like what they are: two of them that look the same are the same.
fn check_name(fields: &Fields<'_>, key: &str, name: &str) -> Result<()> {
    if name.len() > MAX_ID_BYTES {
        let short: String = name.chars().take(16).collect();
        let rule = format!("`{key}`: the name `{short}…` has {} bytes; at most {MAX_ID_BYTES}", name.len());
        return Err(fields.fault(Code::InvalidId, rule));
    }
    match unfit_name(name) {
        None => Ok(()),
        Some(rule) => Err(fields.fault(Code::InvalidId, format!("`{key}`: {rule}"))),
    }
}

/// Why a text is no name, if it holds what names do not hold.
fn unfit_name(name: &str) -> Option<String> {
    let (c, what) = name.chars().find_map(|c| Some((c, unfit(c)?)))?;
    Some(format!("the name {name:?} holds {what} (U+{:04X})", u32::from(c)))
}

/// What keeps a character out of names: it does not show, or the same sign can be written in another way.
///
/// The ranges are those of Unicode 16: blanks; `Default_Ignorable_Code_Point` and the format characters; the
/// blocks of combining marks and the marks of Kana and Arabic, which a letter with its mark replaces (NFC); the
/// parts of Hangul syllables; and what NFC replaces by one other character.
fn unfit(c: char) -> Option<&'static str> {
    match c {
        _ if c.is_whitespace() => Some("a blank"),
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => Some("a character that does not show"),
        _ if c.is_control() => Some("a control character"),
        '\u{300}'..='\u{36f}'
        | '\u{653}'..='\u{655}'
        | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}'
        | '\u{3099}'
        | '\u{309a}'
        | '\u{fe20}'..='\u{fe2f}' => {
            Some("a combining mark; write the letter with its mark as one character")
        }
        '\u{1100}'..='\u{11ff}' | '\u{a960}'..='\u{a97f}' | '\u{d7b0}'..='\u{d7ff}' => {
            Some("a part of a syllable; write the syllable as one character")
        }
        '\u{374}'
        | '\u{37e}'
        | '\u{387}'
        | '\u{1f71}'
        | '\u{1f73}'
        | '\u{1f75}'
        | '\u{1f77}'
        | '\u{1f79}'
        | '\u{1f7b}'
        | '\u{1f7d}'
        | '\u{1fbb}'
        | '\u{1fbe}'
        | '\u{1fc9}'
        | '\u{1fcb}'
        | '\u{1fd3}'
        | '\u{1fdb}'
        | '\u{1fe3}'
        | '\u{1feb}'
        | '\u{1fee}'
        | '\u{1fef}'
        | '\u{1ff9}'
        | '\u{1ffb}'
        | '\u{1ffd}'
        | '\u{2126}'
        | '\u{212a}'
        | '\u{212b}'
        | '\u{2329}'
        | '\u{232a}'
        | '\u{f900}'..='\u{faff}'
        | '\u{2f800}'..='\u{2fa1f}' => Some("a character that stands for another one; write that one"),
        _ => nobodys(c),
    }
}

/// What keeps a character out of names that Unicode gives no sign.
fn nobodys(c: char) -> Option<&'static str> {
    match c {
        '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{10ffff}' => {
            Some("a character of private use, without a sign of its own")
        }
        '\u{fdd0}'..='\u{fdef}' => Some("a number that is no character"),
        _ if u32::from(c) & 0xfffe == 0xfffe => Some("a number that is no character"),
        '\u{fffc}' | '\u{fffd}' => Some("a character that stands for one that is missing"),
        _ => None,
    }
}

/// No text of a plan holds a control character, or another that acts unseen, such as one that turns the direction of writing: all of them are shown to
/// people, on terminals too.
fn check_texts(plan: &Node) -> Result<()> {
    let mut open = vec![(None, "plan", plan)];
    while let Some((within, key, node)) = open.pop() {
        let (text, spot) = match node {
            Node::Text(text) => (text, Spot::of(node)),
            Node::List(items) => {
                let rule = |item| within.or_else(|| Some(item).filter(|_| key == "rule"));
                open.extend(items.iter().map(|item| (rule(item), key, item)));
                continue;
            }
            Node::Map(map) => {
                open.extend(map.iter().map(|(key, value)| (within, key.as_str(), value)));
                let Some(key) = map.keys().find(|key| key.contains(is_hidden)) else { continue };
                (key, Spot::entry(node, key))
            }
            Node::Null | Node::Bool(_) | Node::Int(_) => continue,
        };
        if let Some(hidden) = text.chars().find(|c| is_hidden(*c)) {
            let short: String = text.chars().take(60).collect();
            let code = u32::from(hidden);
            let id = within.and_then(|rule| rule.get("id")).and_then(Node::as_text);
            let place = id.map_or_else(|| "plan".to_owned(), |id| format!("rule `{id}`"));
            let rule = format!("{place}: `{key}`: the text `{short}` holds U+{code:04X}, which acts unseen");
            return Err(Error::new(Code::InvalidValue, rule).about(spot));
        }
    }
    Ok(())
}

fn unknown_word(fields: &Fields<'_>, key: &str, word: &str, known: &str) -> Error {
    let hint = did_you_mean(word, "one of", known.split(", "));
    fields.fault(Code::UnknownWord, format!("`{key}` is `{word}`; {hint}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, id: &str, ranks: &[&str]) -> Result<Plan> {
        let ranks: Vec<Node> = ranks.iter().map(|rank| (*rank).into()).collect();
        let to = Node::map([("up", Node::from("referral"))]);
        let pay = Node::map([("levels", Node::List(vec!["5%".into()]))]);
        let rule = Node::map([("id", id.into()), ("to", to), ("pay", pay)]);
        Plan::from_node(&Node::map([
            ("schema", "fenrun.plan/1".into()),
            ("name", name.into()),
            ("currency", "CNY".into()),
            ("ranks", Node::List(ranks)),
            ("rule", Node::List(vec![rule])),
        ]))
    }

    #[test]
    fn names_have_their_length() {
        let (name, id) = ("n".repeat(MAX_NAME_BYTES), "i".repeat(MAX_ID_BYTES));
        read(&name, &id, &[&id]).unwrap();
        assert_eq!(read(&format!("{name}n"), &id, &[]).unwrap_err().code(), Code::InvalidValue);
        assert_eq!(read(&name, &format!("{id}i"), &[]).unwrap_err().code(), Code::InvalidId);
        assert_eq!(read(&name, &id, &[&format!("{id}i")]).unwrap_err().code(), Code::InvalidId);
    }

    /// Every name of a plan is written in one way only.
    #[test]
    fn names_that_look_the_same_are_the_same() {
        for name in ["级差", "V1", "总监①", "café", "ガ", "각", "up-line.2", "Ω", "一級"] {
            read("n", name, &[name]).unwrap();
        }
        for (name, what) in [
            (" up", "a blank (U+0020)"),
            ("up ", "a blank (U+0020)"),
            ("u p", "a blank (U+0020)"),
            ("级\u{3000}差", "a blank (U+3000)"),
            ("up\u{a0}", "a blank (U+00A0)"),
            ("up\u{200b}line", "a character that does not show (U+200B)"),
            ("up\u{feff}", "a character that does not show (U+FEFF)"),
            ("\u{2060}up", "a character that does not show (U+2060)"),
            ("V\u{fe0f}", "a character that does not show (U+FE0F)"),
            ("cafe\u{301}", "one character (U+0301)"),
            ("カ\u{3099}", "one character (U+3099)"),
            ("\u{1100}\u{1161}", "one character (U+1100)"),
            ("\u{212b}", "write that one (U+212B)"),
            ("\u{f96e}", "write that one (U+F96E)"),
            ("V\u{e000}", "without a sign of its own (U+E000)"),
            ("V\u{fdd0}", "no character (U+FDD0)"),
            ("V\u{ffff}", "no character (U+FFFF)"),
            ("V\u{1fffe}", "no character (U+1FFFE)"),
            ("V\u{fffc}", "one that is missing (U+FFFC)"),
            ("V\u{fffd}", "one that is missing (U+FFFD)"),
        ] {
            for error in [read("n", name, &[]).unwrap_err(), read("n", "r", &["V1", name]).unwrap_err()] {
                assert_eq!(error.code(), Code::InvalidId, "{name:?}: {error}");
                assert!(error.message().ends_with(what), "{name:?}: {error}");
            }
        }
    }

    #[test]
    fn a_wrong_name_is_told_why() {
        for (ranks, message) in [
            (["V1", ""], "plan: `ranks`: a name is empty"),
            (["V1", "any"], "plan: `ranks`: `any` is reserved for everybody else"),
            (["V1", "V1"], "plan: `ranks`: `V1` stands twice"),
        ] {
            assert_eq!(read("n", "r", &ranks).unwrap_err().message(), message);
        }
    }
}
