//! The plan language `fenrun.plan/1`: parse, check, identify.
//!
//! `docs/reference/plan.md` is the contract this module is written from.

mod cap;
mod check;
mod condition;
mod kinds;
mod order;
mod presets;
mod rates;
mod read;
mod rule;
mod schedule;
mod stop;
mod tree;
mod write;

pub use cap::{Cap, CapPer, Every, Limit, Over, Split};
pub use check::{Bound, Report, Warning};
pub use condition::{Condition, Knowledge};
pub use order::Clock;
pub use presets::PRESETS;
pub use rates::{Amount, RateTable};
pub(in crate::reward) use read::MAX_LISTED;
pub use rule::{Base, Change, INCOME, Per, Reverse, Round, Rule, Trigger, Unqualified};
pub use schedule::{Ladder, LadderShape, PairRate, Pairing, Schedule, Share, Span, Step, Unmatched, Weights};
pub use stop::{REFERRAL, Reach, Stop, StopSource};
pub use tree::{FillOrder, PassTo, Period, RankRule, TreePolicy};

use crate::doc::{self, MAX_PLAN_BYTES, Node};
use crate::error::{Code, Error, Result};
use crate::money::Currency;
use std::collections::BTreeMap;

/// The most rules of a plan.
pub const MAX_RULES: usize = 256;
/// The most paid levels of a rule.
pub const MAX_LEVELS: usize = 64;
/// The longest name of a plan, in bytes. Ids of rules, ranks, labels, roles and components have at most
/// [`MAX_ID_BYTES`](crate::id::MAX_ID_BYTES).
pub const MAX_NAME_BYTES: usize = 200;

/// A parsed and checked plan. It cannot be built in a form [`Plan::check`] refuses.
///
/// ```
/// use fenrun::reward::plan::Plan;
/// let plan = Plan::from_toml(r#"
///     schema = "fenrun.plan/1"
///     name = "two levels"
///     currency = "CNY"
///     [[rule]]
///     id = "upline"
///     to = { up = "referral" }
///     pay = { levels = ["5%", "2.5%"] }
/// "#)?;
/// assert_eq!(plan.rules().len(), 1);
/// # Ok::<(), fenrun::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    name: String,
    currency: Currency,
    ranks: Vec<String>,
    rank_rules: Vec<RankRule>,
    trees: BTreeMap<String, TreePolicy>,
    utc_offset_minutes: i32,
    rules: Vec<Rule>,
    sequence: Vec<(usize, Clock)>,
    caps: Vec<Cap>,
    allow: BTreeMap<String, String>,
    canonical: String,
    hash: String,
}

impl Plan {
    /// Reads a plan from TOML.
    ///
    /// # Errors
    /// Names the line, the key, the value and the rule; see [`Code`] 201 to 208.
    #[cfg(feature = "toml")]
    pub fn from_toml(text: &str) -> Result<Self> {
        let node = doc::read_toml(text, MAX_PLAN_BYTES)?;
        Self::from_node(&node).map_err(|error| doc::located(error, &node, text, doc::Syntax::Toml))
    }

    /// Reads a plan from JSON.
    ///
    /// # Errors
    /// As [`Plan::from_toml`].
    pub fn from_json(text: &str) -> Result<Self> {
        let node = doc::read_json(text, MAX_PLAN_BYTES)?;
        Self::from_node(&node).map_err(|error| doc::located(error, &node, text, doc::Syntax::Json))
    }

    /// Reads a plan from TOML or JSON, told apart by the first character that is no blank.
    ///
    /// # Errors
    /// As [`Plan::from_toml`].
    #[cfg(feature = "toml")]
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.trim_start().starts_with('{') { Self::from_json(text) } else { Self::from_toml(text) }
    }

    /// A plan that comes with the library, by name; see [`PRESETS`].
    ///
    /// # Errors
    /// [`Code::UnknownPreset`] names the one it is most like.
    #[cfg(feature = "toml")]
    pub fn preset(name: &str) -> Result<Self> {
        let text = PRESETS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
        let text = text.ok_or_else(|| {
            let hint = doc::nearest(name, PRESETS.iter().map(|(known, _)| *known))
                .map_or_else(|| "`presets` lists them".into(), |known| format!("did you mean `{known}`?"));
            Error::new(Code::UnknownPreset, format!("no preset is called `{name}`; {hint}"))
        })?;
        Self::from_toml(text)
    }

    /// Reads a plan from its document.
    ///
    /// # Errors
    /// As [`Plan::from_toml`].
    pub fn from_node(node: &Node) -> Result<Self> {
        let mut plan = read::plan(node)?;
        plan.canonical = plan.to_node().to_json();
        // What is written of a plan can be read again.
        if plan.canonical.len() > MAX_PLAN_BYTES {
            let bytes = plan.canonical.len();
            let rule = format!("plan: its canonical JSON has {bytes} bytes; at most {MAX_PLAN_BYTES}");
            return Err(Error::new(Code::TooLarge, rule));
        }
        plan.hash = doc::long_hash(&plan.canonical);
        plan.check()?;
        Ok(plan)
    }

    /// The plan's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The currency it pays in.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// Names of the ranks, lowest first.
    #[must_use]
    pub fn ranks(&self) -> &[String] {
        &self.ranks
    }

    /// How ranks are won and kept, in the order of [`Plan::ranks`]; empty when the host gives all of them.
    #[must_use]
    pub fn rank_rules(&self) -> &[RankRule] {
        &self.rank_rules
    }

    /// The trees the plan declares beside [`REFERRAL`].
    #[must_use]
    pub const fn trees(&self) -> &BTreeMap<String, TreePolicy> {
        &self.trees
    }

    /// When days, weeks and months of the plan start, in minutes east of UTC.
    #[must_use]
    pub const fn utc_offset_minutes(&self) -> i32 {
        self.utc_offset_minutes
    }

    /// The rules, as they are written.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The places of the rules a clock starts, directly or through the rules they run after, each behind
    /// the rule it runs after: those of a sale without a period, those of a period's close with it.
    pub fn sequence(&self, clock: Clock) -> impl Iterator<Item = usize> {
        self.sequence.iter().filter(move |(_, own)| *own == clock).map(|(at, _)| *at)
    }

    /// The rule at the start of the chain a rule stands in: itself, unless it runs after another.
    #[must_use]
    pub fn root_of<'a>(&'a self, rule: &'a Rule) -> &'a Rule {
        let mut root = rule;
        // A plan with a cycle of rules cannot be built.
        while let Trigger::After(id) = &root.trigger {
            match self.rules.iter().find(|other| other.id == *id) {
                Some(before) => root = before,
                None => break,
            }
        }
        root
    }

    /// How many people above the buyer each tree must show for a sale: the trees its rules walk, and how far.
    #[must_use]
    pub fn walks(&self) -> BTreeMap<&str, usize> {
        order::walks(self)
    }

    /// The caps of all rules together.
    #[must_use]
    pub fn caps(&self) -> &[Cap] {
        &self.caps
    }

    /// What the plan's author accepted with a reason, by rule id.
    #[must_use]
    pub const fn allow(&self) -> &BTreeMap<String, String> {
        &self.allow
    }

    /// SHA-256 of the canonical JSON, 64 hex digits: the identity of the plan.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The canonical JSON: sorted keys, no blanks, defaults left out.
    #[must_use]
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The place of a rank in `ranks`, `None` for a rank the plan does not have.
    #[must_use]
    pub fn rank_index(&self, rank: &str) -> Option<usize> {
        self.ranks.iter().position(|known| known == rank)
    }

    /// One rule alone, without caps and accounts, for a base that is stated as `paid` by whoever is the
    /// buyer: what a period settles each of its sources with.
    pub(crate) fn of_source(&self, at: usize) -> Self {
        let mut rule = self.rules[at].clone();
        rule.trigger = Trigger::Order;
        rule.when = None;
        rule.of = Base::named("paid");
        (rule.caps, rule.split) = (Vec::new(), None);
        let (rules, sequence, caps) = (vec![rule], vec![(0, None)], Vec::new());
        Self { rules, sequence, caps, ..self.clone() }
    }

    /// The names of all facts that decide on ranks.
    #[must_use]
    pub fn rank_facts(&self) -> std::collections::BTreeSet<&str> {
        let mut names = std::collections::BTreeSet::new();
        let conditions = self.rank_rules.iter().flat_map(|rule| rule.won.iter().chain(&rule.kept));
        conditions.for_each(|condition| condition.names(&mut names));
        names
    }

    /// The names of all facts and components the plan reads: what a frozen sale must keep.
    #[must_use]
    pub fn names(&self) -> std::collections::BTreeSet<&str> {
        let mut names = std::collections::BTreeSet::from(["paid"]);
        for rule in &self.rules {
            rule.names(&mut names);
        }
        names
    }
}
