//! Members and visitors as documents.

use super::shop::run_log;
use crate::doc::{Fields, Node};
use crate::error::Result;
use crate::membership::{ApplicationPolicy, Member, Reapply, Visitor};

pub(super) fn member(input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "member")?;
    let id = fields.need_id("member")?.into();
    let policy = fields.take("policy").map_or_else(|| Ok(ApplicationPolicy::default()), policy)?;
    let answer = run_log(Member::new(id, policy), &mut fields, |member| ("member", member.to_node()))?;
    fields.finish()?;
    Ok(answer)
}

pub(super) fn visitor(input: &Node) -> Result<Node> {
    let mut fields = Fields::new(input, "visitor")?;
    let id = fields.need_id("visitor")?.into();
    let answer = run_log(Visitor::new(id), &mut fields, |visitor| ("visitor", visitor.to_node()))?;
    fields.finish()?;
    Ok(answer)
}

fn policy(node: &Node) -> Result<ApplicationPolicy> {
    let mut fields = Fields::new(node, "policy")?;
    let again = fields.flag("revoked_may_reapply")?.unwrap_or(false);
    let policy = ApplicationPolicy {
        wait_ms: fields.count("wait_ms")?.unwrap_or(0),
        max_applications: fields.count("max_applications")?,
        revoked: if again { Reapply::Allowed } else { Reapply::Refused },
    };
    fields.finish()?;
    Ok(policy)
}
