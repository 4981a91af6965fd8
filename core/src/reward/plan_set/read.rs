//! Documents: a set, and commands that change one.

use super::{Command, MAX_VERSIONS, PlanSet, Scope, Version, fault};
use crate::doc::{Fields, Node};
use crate::error::{Code, Result};
use crate::reward::plan::Plan;
use crate::time::Timestamp;
use std::collections::BTreeMap;

const SCHEMA: &str = "fenrun.plan_set/1";

impl PlanSet {
    /// Reads a set: `{schema, plans: {hash: plan}, versions: [{tenant?, shop?, category?, number, from, until?,
    /// plan}]}`.
    ///
    /// # Errors
    /// Names the key and the rule; [`Code::InvalidPlanSet`] for versions that overlap, for a plan under a hash
    /// that is not its own, and for a version whose plan is not there.
    pub fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Fields::new(node, "plan set")?;
        let schema = fields.need_text("schema")?;
        if schema != SCHEMA {
            return Err(fields.fault(Code::InvalidValue, format!("`schema` is `{schema}`, not `{SCHEMA}`")));
        }
        let mut set = Self::default();
        if let Some(plans) = fields.take("plans") {
            for (hash, plan) in Fields::new(plans, "plan set: `plans`")?.rest() {
                let plan = Plan::from_node(plan).map_err(|error| error.within("plan set"))?;
                if plan.hash() != hash {
                    let rule = format!("plan set: the plan under {hash} has the hash {}", plan.hash());
                    return Err(fault(rule));
                }
                set.plans.insert(hash.to_owned(), plan);
            }
        }
        let versions = fields.list("versions")?;
        fields.finish()?;
        if versions.len() > MAX_VERSIONS {
            return Err(fault(format!("a set has at most {MAX_VERSIONS} versions")));
        }
        for (at, node) in versions.iter().enumerate() {
            set.read_version(node, at)?;
        }
        for (scope, versions) in &mut set.versions {
            versions.sort_by_key(|version| version.from);
            let apart = |pair: &[Version]| !pair[0].meets(pair[1].from, pair[1].until);
            let numbers: std::collections::BTreeSet<u32> =
                versions.iter().map(|version| version.number).collect();
            if !versions.windows(2).all(apart) || numbers.len() != versions.len() {
                return Err(fault(format!("{scope}: two versions overlap or have one number")));
            }
        }
        Ok(set)
    }

    fn read_version(&mut self, node: &Node, at: usize) -> Result<()> {
        let mut fields = Fields::new(node, format!("plan set: versions[{at}]"))?;
        let scope = Scope::take(&mut fields)?;
        let number = fields.count("number")?.filter(|number| *number > 0);
        let number = number.ok_or_else(|| fields.fault(Code::MissingKey, "`number` is a count from 1"))?;
        let from = Timestamp::from_ms(fields.need_int("from")?);
        let until = fields.int("until")?.map(Timestamp::from_ms);
        let plan = fields.need_text("plan")?.to_owned();
        fields.finish()?;
        if until.is_some_and(|until| until <= from) {
            return Err(fields_fault(at, "it ends before it begins"));
        }
        if !self.plans.contains_key(&plan) {
            return Err(fields_fault(at, &format!("the plan {plan} is not among `plans`")));
        }
        self.versions.entry(scope).or_default().push(Version { number, from, until, plan });
        Ok(())
    }

    /// The document of the set; reading it back gives the same set.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let plans = self.plans.iter().map(|(hash, plan)| (hash.as_str(), plan.to_node()));
        let versions = self.versions.iter().flat_map(|(scope, versions)| {
            versions.iter().map(|version| Node::map(scope.entries().into_iter().chain(version.entries())))
        });
        Node::map([
            ("schema", Node::from(SCHEMA)),
            ("plans", Node::map(plans)),
            ("versions", Node::List(versions.collect())),
        ])
    }
}

fn fields_fault(at: usize, rule: &str) -> crate::Error {
    fault(format!("plan set: versions[{at}]: {rule}"))
}

impl Command {
    /// Reads `{start: {tenant?, shop?, category?, plan, from, until?}}`, `{end: {…, at}}` or
    /// `{withdraw: {…, from}}`; `plan` reads the value under that key.
    ///
    /// # Errors
    /// Names the key and the rule.
    pub fn from_node(node: &Node, plan: impl Fn(&Node) -> Result<Plan>) -> Result<Self> {
        let mut fields = Fields::new(node, "command of a plan set")?;
        let parts = ["start", "end", "withdraw"].map(|word| (word, fields.take(word)));
        let wrong = fields.fault(Code::InvalidValue, "write one of `start`, `end`, `withdraw`");
        fields.finish()?;
        let mut stated = parts.into_iter().filter_map(|(word, node)| Some((word, node?)));
        let (Some((word, node)), None) = (stated.next(), stated.next()) else { return Err(wrong) };
        let mut fields = Fields::new(node, word)?;
        let scope = Scope::take(&mut fields)?;
        let command = match word {
            "start" => Self::Start {
                scope,
                plan: Box::new(plan(fields.need("plan")?)?),
                from: Timestamp::from_ms(fields.need_int("from")?),
                until: fields.int("until")?.map(Timestamp::from_ms),
            },
            "end" => Self::End { scope, at: Timestamp::from_ms(fields.need_int("at")?) },
            _ => Self::Withdraw { scope, from: Timestamp::from_ms(fields.need_int("from")?) },
        };
        fields.finish()?;
        Ok(command)
    }
}

/// What is asked of a set.
pub(crate) struct Question {
    /// Of whom.
    pub(crate) scope: Scope,
    /// When.
    pub(crate) at: Timestamp,
    /// The end of a period that starts then.
    pub(crate) until: Option<Timestamp>,
}

impl Question {
    /// Reads `{tenant?, shop?, category?, at, until?}`.
    pub(crate) fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Fields::new(node, "ask")?;
        let scope = Scope::take(&mut fields)?;
        let at = Timestamp::from_ms(fields.need_int("at")?);
        let until = fields.int("until")?.map(Timestamp::from_ms);
        fields.finish()?;
        Ok(Self { scope, at, until })
    }

    /// The version, the next change and the parts of the period, as far as there are some.
    pub(crate) fn answer(&self, set: &PlanSet) -> Result<Node> {
        let entries = |(scope, version): (&Scope, &Version)| {
            Node::map(scope.entries().into_iter().chain(version.entries()))
        };
        let version = set.version_at(&self.scope, self.at).map(entries);
        let next = set.next(&self.scope, self.at).map(entries);
        let mut answer = BTreeMap::from([
            ("version".to_owned(), version.unwrap_or(Node::Null)),
            ("next".to_owned(), next.unwrap_or(Node::Null)),
        ]);
        if let Some(until) = self.until {
            let parts = set.parts(&self.scope, self.at, until)?;
            answer.insert("parts".into(), Node::List(parts.iter().map(super::Part::to_node).collect()));
        }
        Ok(Node::Map(answer))
    }
}
