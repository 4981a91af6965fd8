//! A sale: the plain data that trade hands to reward, and all that a commission is computed from.
//!
//! Neither side knows the other; both know this module. A sale carries its own upline, so one sale is
//! settled without a forest, a store or a file.

pub(crate) mod read;

use crate::doc::Node;
use crate::error::{Code, Error, Result};
use crate::id::{LineId, MemberId, OrderId};
use crate::money::{Currency, Rate};
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

/// The most lines a sale may have.
pub const MAX_LINES: usize = 4096;
/// The most stops an upline may have.
pub const MAX_STOPS: usize = 4096;
/// The components a line may have whatever its plan reads; volumes such as `pv` are the plan's own.
pub const COMPONENTS: [&str; 7] = ["paid", "list", "member", "cost", "shipping", "tax", "points"];

/// What is known of a person, a line or a sale beyond its own fields: `distributor = true`,
/// `percent = "8%"`, `category = ["green-tea", "tea"]`. Values are booleans, integers, texts, and lists of
/// these where several hold at once.
pub type Facts = BTreeMap<String, Node>;

/// What the buyer pays for. Only goods earn commission unless a plan says otherwise, loudly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Purpose {
    /// Goods and services.
    #[default]
    Goods,
    /// A fee for joining.
    Joining,
    /// A deposit.
    Deposit,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Self; 3] = [Self::Goods, Self::Joining, Self::Deposit];

    /// The word used in data.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Goods => "goods",
            Self::Joining => "joining",
            Self::Deposit => "deposit",
        }
    }
}

/// A person on the upline, a role holder or the buyer, as the sale froze them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub id: MemberId,
    /// The distribution rank, one of the plan's `ranks`.
    pub rank: Option<String>,
    /// The facts the plan names.
    pub facts: Facts,
}

impl Person {
    /// A person without rank or facts.
    #[must_use]
    pub const fn new(id: MemberId) -> Self {
        Self { id, rank: None, facts: Facts::new() }
    }
}

/// What a payee gets: a rate of the base, or minor units per unit sold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Pay {
    /// A share of the base.
    Share(Rate),
    /// Minor units per unit sold; the base is ignored.
    PerUnit(u32),
}

/// Rates of one rule for one line, by rank; `any` stands for every other rank and for nobody.
pub type Override = BTreeMap<String, Vec<Pay>>;

/// One line of a sale, as it was sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaleLine {
    /// The line's id, unique within the sale.
    pub id: LineId,
    /// Units sold, above zero.
    pub units: u64,
    /// What commission may be taken of, in minor units at or above zero, for the whole line: `paid`
    /// (net of line, cart, coupon and points discounts, without shipping and added tax), `list`,
    /// `member`, `cost`, `shipping`, `tax`, `points` and volumes such as `pv`.
    pub components: BTreeMap<String, i64>,
    /// What the buyer pays for.
    pub purpose: Purpose,
    /// Category, tag, promotion kind and whatever else plans ask for.
    pub facts: Facts,
    /// Rates that replace a rule's own, by rule id.
    pub overrides: BTreeMap<String, Override>,
}

impl SaleLine {
    /// A line of goods with its `paid` component alone.
    #[must_use]
    pub fn new(id: LineId, units: u64, paid: i64) -> Self {
        Self {
            id,
            units,
            components: BTreeMap::from([("paid".to_owned(), paid)]),
            purpose: Purpose::Goods,
            facts: Facts::new(),
            overrides: BTreeMap::new(),
        }
    }

    /// The `paid` component, zero when the line does not state it.
    #[must_use]
    pub fn paid(&self) -> i64 {
        self.components.get("paid").copied().unwrap_or(0)
    }
}

/// Who bought and who stands around the sale: what an order freezes for commission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parties {
    /// Who bought.
    pub buyer: Person,
    /// The buyer's inviter, the inviter's inviter and so on.
    pub upline: Vec<Person>,
    /// Holders of roles that are not found by walking, by role.
    pub roles: BTreeMap<String, Person>,
    /// What stands above the buyer in other trees, and in the places the sale goes to.
    pub around: Around,
    /// Facts of the whole sale.
    pub facts: Facts,
}

/// What stands above the buyer beside the upline: of no sale whose plan walks the upline alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// The buyer's upline in other trees, by the tree's name.
    pub uplines: BTreeMap<String, Vec<Person>>,
    /// Who holds the regions the sale goes to, by the region's kind: `city`, `province` …
    pub regions: BTreeMap<String, Person>,
}

/// How much of a cap earlier sales of its period used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Used {
    /// The rule the cap stands in; none for a cap of the plan.
    pub rule: Option<String>,
    /// The period: `day`, `week` or `month`.
    pub every: String,
    /// Whose amounts were added; none for a cap that adds those of everybody.
    pub payee: Option<MemberId>,
    /// Minor units at or above zero.
    pub amount: i64,
}

/// The fields of a sale before they are checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaleDraft {
    /// The tenant, empty for a host with one shop.
    pub tenant: String,
    /// The order's id.
    pub id: OrderId,
    /// Counts the edits of the order; the first sale is version 1.
    pub version: u32,
    /// The currency of every amount.
    pub currency: Currency,
    /// When the order was placed.
    pub placed_at: Timestamp,
    /// Who bought.
    pub buyer: Person,
    /// The buyer's inviter, the inviter's inviter and so on.
    pub upline: Vec<Person>,
    /// Holders of roles that are not found by walking, by role.
    pub roles: BTreeMap<String, Person>,
    /// What stands above the buyer in other trees, and in the places the sale goes to.
    pub around: Around,
    /// What earlier sales used of the plan's caps; none when nobody says, which a plan with caps over
    /// periods does not take for nothing.
    pub used: Option<Vec<Used>>,
    /// Facts of the whole sale.
    pub facts: Facts,
    /// What was sold.
    pub lines: Vec<SaleLine>,
}

/// A checked sale. Its lines stand in the order of their ids, so the order they came in says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sale(SaleDraft);

impl Deref for Sale {
    type Target = SaleDraft;

    fn deref(&self) -> &SaleDraft {
        &self.0
    }
}

impl Sale {
    /// Checks a sale.
    ///
    /// # Errors
    /// [`Code::InvalidSale`] names the value and the rule: a line that stands twice, an amount below
    /// zero, a person who is their own upline, too many lines or stops.
    pub fn new(mut draft: SaleDraft) -> Result<Self> {
        let fault = |rule: String| Err(Error::new(Code::InvalidSale, format!("sale {}: {rule}", draft.id)));
        if draft.version == 0 {
            return fault("version 0; the first version of a sale is 1".into());
        }
        let checked = check_tenant(&draft.tenant)
            .and_then(|()| check_path(&draft.buyer, &draft.upline))
            .and_then(|()| draft.around.check(&draft.buyer))
            .and_then(|()| check_used(draft.used.as_deref().unwrap_or_default()))
            .and_then(|()| check_lines(draft.lines.iter()));
        if let Err(rule) = checked {
            return fault(rule);
        }
        sort_lines(&mut draft.lines);
        Ok(Self(draft))
    }

    /// Gives the fields back, to build another sale from them.
    #[must_use]
    pub fn into_draft(self) -> SaleDraft {
        self.0
    }
}

impl Around {
    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.uplines.is_empty() && self.regions.is_empty()
    }

    /// The rules of the paths, with the broken one as text.
    pub(crate) fn check(&self, buyer: &Person) -> Result<(), String> {
        self.uplines.iter().try_for_each(|(tree, upline)| {
            check_path(buyer, upline).map_err(|rule| format!("tree {tree}: {rule}"))
        })
    }
}

/// The rules of what was used of caps, with the broken one as text.
fn check_used(used: &[Used]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for entry in used {
        let Used { rule, every, payee, amount } = entry;
        if *amount < 0 {
            return Err(format!("`used` is {amount}, below zero"));
        }
        if !seen.insert((rule, every, payee)) {
            return Err(format!("`used` says twice what was used in a {every}"));
        }
    }
    Ok(())
}

/// The rule of a tenant, as text when it is broken.
pub(crate) fn check_tenant(tenant: &str) -> Result<(), String> {
    crate::request::Tenant::new(tenant).map(drop).map_err(|error| error.message().to_owned())
}

/// The rules of a path from the buyer up, with the broken one as text.
pub(crate) fn check_path(buyer: &Person, upline: &[Person]) -> Result<(), String> {
    if upline.len() > MAX_STOPS {
        return Err(format!("{} stops; an upline has at most {MAX_STOPS}", upline.len()));
    }
    let mut seen = BTreeSet::from([&buyer.id]);
    if let Some(twice) = upline.iter().find(|stop| !seen.insert(&stop.id)) {
        return Err(format!("member {} stands twice on the path from the buyer up: a cycle", twice.id));
    }
    Ok(())
}

/// The rules of the lines of a sale, with the broken one as text.
pub(crate) fn check_lines<'a>(lines: impl ExactSizeIterator<Item = &'a SaleLine>) -> Result<(), String> {
    if lines.len() == 0 || lines.len() > MAX_LINES {
        return Err(format!("{} lines; a sale has 1 to {MAX_LINES}", lines.len()));
    }
    let mut seen = BTreeSet::new();
    let mut units = 0_i64;
    for line in lines {
        if !seen.insert(&line.id) {
            return Err(format!("line {} stands twice", line.id));
        }
        if line.units == 0 {
            return Err(format!("line {} has 0 units; a line has at least one", line.id));
        }
        let sum = i64::try_from(line.units).ok().and_then(|more| units.checked_add(more));
        units = sum.ok_or_else(|| {
            format!("line {} has {} units; all lines together have less than 2^63", line.id, line.units)
        })?;
        if let Some((name, minor)) = line.components.iter().find(|(_, minor)| **minor < 0) {
            return Err(format!("line {}: {name} is {minor}, below zero", line.id));
        }
    }
    Ok(())
}

/// Puts lines in the order of their ids, so that the order they came in says nothing.
pub(crate) fn sort_lines(lines: &mut [SaleLine]) {
    lines.sort_by(|a, b| id_order(&a.id, &b.id));
}

/// Shorter first, then by bytes: decimal ids come in the order of their numbers.
pub(crate) fn id_order(a: &LineId, b: &LineId) -> std::cmp::Ordering {
    (a.as_str().len(), a.as_str()).cmp(&(b.as_str().len(), b.as_str()))
}
