//! Bindings and share codes as documents.

use super::forest::number;
use crate::doc::{Fields, Node, invalid};
use crate::error::{Code, Error, Result};
use crate::reward::binding::{BindingCommand, BindingEvent, BindingPolicy, Bindings};
use crate::reward::plan::Plan;
use crate::reward::share::{Share, ShareKeys, code_in_link, link};
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// `{policy, given, when}`; a plan, if there is one, must allow what the policy asks people to buy.
pub(super) fn binding(plan: Option<&Plan>, input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "binding")?;
    let policy = BindingPolicy::from_node(fields.need("policy")?)?;
    if let Some(plan) = plan {
        policy.check(plan)?;
    }
    let (given, when) = (fields.list("given")?, fields.list("when")?);
    fields.finish()?;
    let mut bindings = Bindings::new(policy.clone());
    let (mut events, mut error, mut now) = (Vec::new(), None, 0);
    for (at, node) in given.iter().chain(when).enumerate() {
        let command = command(node)?;
        now = command.now.ms();
        error = match bindings.handle(&command) {
            Ok(made) => {
                events.extend(made);
                None
            }
            Err(error) if at < given.len() => return Err(error.within(&format!("given[{at}]"))),
            Err(error) => Some(error.code().name()),
        };
    }
    let written = events.iter().map(|event| BindingEvent::from_node(&event.to_node()));
    let folded = Bindings::replay(policy, &written.collect::<Result<Vec<_>>>()?)?;
    let now = Timestamp::from_ms(now);
    if folded.to_node(now) != bindings.to_node(now) {
        let rule = "binding: the events came to something else";
        return Err(Error::new(Code::Inconsistent, rule));
    }
    Ok(Node::map([
        ("members", bindings.to_node(now)),
        ("events", Node::List(events.iter().map(BindingEvent::to_node).collect())),
        ("error", error.into()),
    ]))
}

/// A command with the parts of its envelope that it leaves out.
fn command(node: &Node) -> Result<BindingCommand> {
    let mut map = BTreeMap::from([
        ("actor".to_owned(), Node::from("shop")),
        ("now".to_owned(), Node::Int(0)),
        ("reason".to_owned(), Node::from("said")),
    ]);
    match node {
        Node::Map(stated) => map.extend(stated.clone()),
        other => return Err(invalid("a binding command", "a map", other)),
    }
    BindingCommand::from_node(&Node::Map(map))
}

/// `{keys, signing, sign}` or `{keys, signing, code, now}`.
pub(super) fn share(input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "share")?;
    let keys = keys(&mut fields)?;
    if let Some(node) = fields.take("sign") {
        let mut share = Fields::new(node, "share: `sign`")?;
        let said = Share {
            member: member(share.need("member")?)?,
            campaign: share.count("campaign")?.unwrap_or(0),
            expires: share.int("expires")?.map(Timestamp::from_ms),
        };
        share.finish()?;
        let page = fields.text("page")?;
        fields.finish()?;
        let code = keys.sign(&said)?;
        let link = page.map(|page| link(page, &code)).transpose()?;
        return Ok(Node::map([("code", Node::from(code)), ("link", link.into())]));
    }
    let code = match fields.text("link")? {
        Some(link) => code_in_link(link)
            .ok_or_else(|| Error::new(Code::InvalidShareCode, "the link holds no share code"))?,
        None => fields.need_text("code")?,
    };
    let now = Timestamp::from_ms(fields.need_int("now")?);
    fields.finish()?;
    let share = keys.open(code, now)?;
    Ok(Node::map([
        ("member", Node::from(share.member.to_string())),
        ("campaign", i64::from(share.campaign).into()),
        ("expires", share.expires.map(|at| Node::Int(at.ms())).into()),
    ]))
}

/// A code has room for a number alone.
fn member(node: &Node) -> Result<u64> {
    let rule = "a whole number; where members have texts as ids, one of the shop's own table";
    number(node).map_err(|_| invalid("share: `member`", rule, node))
}

/// `{"1": "hex", …}`, and the id of the one that signs.
fn keys(fields: &mut Fields<'_>) -> Result<ShareKeys> {
    let node = fields.need("keys")?;
    let listed = Fields::new(node, "share: `keys`")?;
    let mut keys = Vec::new();
    for (id, key) in listed.rest() {
        let rule = "a key is an id from 0 to 255 and pairs of hex digits";
        let fault = || Error::new(Code::InvalidValue, format!("share: `keys`: {rule}"));
        let hex = key.as_text().ok_or_else(fault)?;
        keys.push((id.parse().map_err(|_| fault())?, crate::reward::share::key_from_hex(hex)?));
    }
    let signing = fields
        .count("signing")?
        .ok_or_else(|| fields.fault(Code::MissingKey, "the key `signing` is missing"))?;
    ShareKeys::new(signing, keys)
}
