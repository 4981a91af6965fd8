//! Taking commission back: what stands minus what is left, so any sequence of refunds ends at zero.

use super::CASH;
use super::evaluate::{Cell, evaluate_cells};
use super::frozen::Frozen;
use super::keys::reversal_key;
use super::lines::Left;
use super::outcome::each_account;
use crate::doc::{Fields, Node, invalid};
use crate::error::{Code, Error, Result};
use crate::id::{LineId, MemberId, RefundId};
use crate::money::{narrow, telescope};
use crate::reward::plan::Reverse;
use crate::words::counted;
use std::collections::{BTreeMap, BTreeSet};

/// What a refund takes back of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The line.
    pub line: LineId,
    /// Units taken back; 0 for a refund of money only.
    pub units: u64,
    /// Minor units of `paid` taken back; below zero where money that was taken back came again, as of a
    /// charge-back that was won.
    pub amount: i64,
}

/// One refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refund {
    /// Its id; a retry keeps it and gets the same keys.
    pub id: RefundId,
    /// What it takes back.
    pub lines: Vec<Taken>,
}

/// What the journal holds for a payee of a sale.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The rule.
    pub rule: String,
    /// The payee.
    pub payee: MemberId,
    /// The account.
    pub account: String,
    /// Minor units.
    pub amount: i64,
}

/// What a refund posts for one payee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReversalRow {
    /// 32 hex digits, see [`reversal_key`].
    pub key: String,
    /// The rule.
    pub rule: String,
    /// The payee.
    pub payee: MemberId,
    /// The account.
    pub account: String,
    /// Minor units, normally below zero: all rows of a payee sum to what stands.
    pub amount: i64,
}

/// What a refund posts, and what stands after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reversal {
    /// The rows to post, in the order of rule and payee.
    pub rows: Vec<ReversalRow>,
    /// What stands afterwards, zero amounts left out.
    pub left: Vec<Standing>,
    /// By how much what nobody got changes, normally below zero: the offer for what is left is smaller.
    pub retained_change: i64,
}

/// f(left): what each payee is entitled to, and what nobody gets.
#[derive(Default)]
struct Entitled {
    book: Book,
    retained: i64,
}

/// Keys of what stands: rule by its place in the plan (past its end for rules the plan lost), then payee.
type Book = BTreeMap<(usize, String, MemberId, String), i64>;

/// Reverses one refund of a frozen sale.
///
/// `before` is the refunds that came before this one; `standing` what the journal holds now, or `None` for
/// what the earlier reversals left, which is the same for every host that posted all rows.
///
/// # Errors
/// [`Code::OverReversed`] when more units or money would be taken back than were sold, or when a refund
/// stands twice; [`Code::UnknownLine`] for a line the sale does not have.
pub fn reverse(
    frozen: &Frozen,
    before: &[Refund],
    refund: &Refund,
    standing: Option<&[Standing]>,
) -> Result<Reversal> {
    once_each(frozen, before.iter().chain([refund]))?;
    let earlier = left(frozen, before)?;
    let now = left(frozen, before.iter().chain([refund]))?;
    let stood = entitlements(frozen, &earlier)?;
    let Entitled { book: due, retained } = entitlements(frozen, &now)?;
    let mut book = match standing {
        None => stood.book,
        Some(standing) => from_standing(frozen, standing)?,
    };
    for key in due.keys() {
        book.entry(key.clone()).or_insert(0);
    }
    let mut rows = Vec::new();
    for ((at, rule, payee, account), stands) in book {
        let key = (at, rule, payee, account);
        let entitled = due.get(&key).copied().unwrap_or(0);
        if entitled != stands {
            let (_, rule, payee, account) = key;
            let amount = narrow(i128::from(entitled) - i128::from(stands), || "a reversal".into())?;
            let key = reversal_key(frozen.sale(), refund.id.as_str(), &rule, payee.as_str(), &account);
            rows.push(ReversalRow { key, rule, payee, account, amount });
        }
    }
    let change = i128::from(retained) - i128::from(stood.retained);
    let retained_change = narrow(change, || "what is retained".into())?;
    Ok(Reversal { rows, left: to_standing(due), retained_change })
}

/// What stands of a frozen sale after refunds, in the order of rule and payee.
///
/// # Errors
/// As [`reverse`].
pub fn standing(frozen: &Frozen, refunds: &[Refund]) -> Result<Vec<Standing>> {
    once_each(frozen, refunds)?;
    Ok(to_standing(entitlements(frozen, &left(frozen, refunds)?)?.book))
}

/// Rows of a refund take their keys from its id: a second one of the same id would be given keys that the
/// host's unique index has already, and drop out of the books unseen.
fn once_each<'a>(frozen: &Frozen, refunds: impl IntoIterator<Item = &'a Refund>) -> Result<()> {
    let mut seen = BTreeSet::new();
    for refund in refunds {
        if !seen.insert(&refund.id) {
            let sale = &frozen.sale().id;
            let error = format!(
                "sale {sale}: refund {} was taken back before; a retry is not its own earlier refund",
                refund.id
            );
            return Err(Error::new(Code::OverReversed, error));
        }
    }
    Ok(())
}

/// The entries of a book, zero amounts left out.
fn to_standing(book: Book) -> Vec<Standing> {
    let entries = book.into_iter().filter(|(_, amount)| *amount != 0);
    entries.map(|((_, rule, payee, account), amount)| Standing { rule, payee, account, amount }).collect()
}

/// What is left of each line, in the order of the sale's lines.
fn left<'a>(frozen: &Frozen, refunds: impl IntoIterator<Item = &'a Refund>) -> Result<Vec<Left>> {
    let lines = &frozen.sale().lines;
    let mut left: Vec<Left> = lines.iter().map(Left::all).collect();
    for part in refunds.into_iter().flat_map(|refund| &refund.lines) {
        let sale = &frozen.sale().id;
        let Some(at) = lines.iter().position(|line| line.id == part.line) else {
            return Err(Error::new(Code::UnknownLine, format!("sale {sale} has no line {}", part.line)));
        };
        let whole = lines[at].paid();
        let units = left[at].units.checked_sub(part.units);
        let net = left[at].net.checked_sub(part.amount).filter(|net| (0..=whole).contains(net));
        left[at] = match (units, net) {
            (Some(units), Some(net)) => Left { units, net },
            _ => {
                let error = format!(
                    "sale {sale}, line {}: {} and {} taken back of {} and {} left",
                    part.line,
                    counted(part.units, "unit"),
                    part.amount,
                    counted(left[at].units, "unit"),
                    left[at].net
                );
                return Err(Error::new(Code::OverReversed, error));
            }
        };
    }
    Ok(left)
}

/// Runs the rules again on what is left.
fn entitlements(frozen: &Frozen, left: &[Left]) -> Result<Entitled> {
    let (plan, sale) = (frozen.plan(), frozen.sale());
    let mut entitled = Entitled::default();
    let mut add = |cell: &Cell<'_>, amount: i64| -> Result<()> {
        let add = |entry: &mut i64, amount: i64| -> Result<()> {
            *entry = narrow(i128::from(*entry) + i128::from(amount), || "a commission".into())?;
            Ok(())
        };
        let Some(payee) = cell.payee.filter(|_| cell.reason.is_none()) else {
            return add(&mut entitled.retained, amount);
        };
        let rule = &plan.rules()[cell.rule];
        each_account(rule, amount, &mut |account, part| {
            let key = (cell.rule, rule.id.clone(), payee.id.clone(), account.to_owned());
            add(entitled.book.entry(key).or_insert(0), part)
        })
    };
    let shares = |cell: &Cell<'_>| plan.rules()[cell.rule].reverse == Reverse::ShareOfUnits;
    for cell in evaluate_cells(plan, sale, Some(left))?.iter().filter(|cell| !shares(cell)) {
        add(cell, cell.amount)?;
    }
    if plan.rules().iter().any(|rule| rule.reverse == Reverse::ShareOfUnits) {
        let all: u64 = sale.lines.iter().map(|line| line.units).sum();
        let all_left: u64 = left.iter().map(|left| left.units).sum();
        for cell in evaluate_cells(plan, sale, None)?.iter().filter(|cell| shares(cell)) {
            let (units, units_left) =
                cell.line.map_or((all, all_left), |at| (sale.lines[at].units, left[at].units));
            let taken = telescope(cell.amount, 0, units - units_left, units)?;
            add(cell, cell.amount - taken)?;
        }
    }
    Ok(entitled)
}

fn from_standing(frozen: &Frozen, standing: &[Standing]) -> Result<Book> {
    let rules = frozen.plan().rules();
    let mut book = Book::new();
    for entry in standing {
        let at = rules.iter().position(|rule| rule.id == entry.rule).unwrap_or(rules.len());
        let key = (at, entry.rule.clone(), entry.payee.clone(), entry.account.clone());
        let sum = book.entry(key).or_insert(0);
        *sum = narrow(i128::from(*sum) + i128::from(entry.amount), || "what stands".into())?;
    }
    Ok(book)
}

impl Taken {
    /// Reads a list of `{ line, units, amount }`.
    ///
    /// # Errors
    /// Names the key and the value.
    pub fn from_nodes(nodes: &[Node]) -> Result<Vec<Self>> {
        let read = |(at, node): (usize, &Node)| {
            let mut fields = Fields::new(node, format!("refund: lines[{at}]"))?;
            let line = fields.need_id("line")?;
            let taken = Self {
                line: line.into(),
                units: fields.count("units")?.unwrap_or(0),
                amount: fields.int("amount")?.unwrap_or(0),
            };
            fields.finish()?;
            Ok(taken)
        };
        nodes.iter().enumerate().map(read).collect()
    }
}

impl Refund {
    /// Reads `{ id, lines: [{ line, units, amount }] }`.
    ///
    /// # Errors
    /// Names the key and the value.
    pub fn from_node(node: &Node) -> Result<Self> {
        let mut fields = Fields::new(node, "refund")?;
        let refund = Self::from_fields(&mut fields)?;
        fields.finish()?;
        Ok(refund)
    }

    /// Reads `{ id, lines, standing }`, where `standing` says what the journal holds now, as
    /// [`Standing::from_nodes`] reads it; without it, what the earlier reversals left.
    ///
    /// # Errors
    /// Names the key and the value.
    pub fn with_standing(node: &Node) -> Result<(Self, Option<Vec<Standing>>)> {
        let mut fields = Fields::new(node, "refund")?;
        let refund = Self::from_fields(&mut fields)?;
        let stated = matches!(node.get("standing"), Some(value) if *value != Node::Null);
        let standing = Standing::from_nodes(fields.list("standing")?)?;
        fields.finish()?;
        Ok((refund, stated.then_some(standing)))
    }

    /// Reads the refunds that came before one: a list of `{ id, lines }`. They may be handed over as they were
    /// given; what stood when each of them came says nothing any more.
    ///
    /// # Errors
    /// Names the place in the list, the key and the value.
    pub fn list_from_node(node: &Node) -> Result<Vec<Self>> {
        let Node::List(refunds) = node else {
            return Err(invalid("before", "a list of refunds", node));
        };
        let read = |(at, refund): (usize, &Node)| {
            let read = Self::with_standing(refund).map_err(|error| error.within(&format!("before[{at}]")));
            Ok(read?.0)
        };
        refunds.iter().enumerate().map(read).collect()
    }

    fn from_fields(fields: &mut Fields<'_>) -> Result<Self> {
        let id = fields.need_id("id")?;
        let lines = Taken::from_nodes(fields.list("lines")?)?;
        Ok(Self { id: id.into(), lines })
    }
}

impl Standing {
    /// Reads a list of `{ rule, payee, account, amount }`.
    ///
    /// # Errors
    /// Names the key and the value.
    pub fn from_nodes(nodes: &[Node]) -> Result<Vec<Self>> {
        let read = |node: &Node| {
            let mut fields = Fields::new(node, "standing")?;
            let payee = fields.need_id("payee")?;
            let rule = fields.text("rule")?.unwrap_or_default().to_owned();
            let account = fields.text("account")?.unwrap_or(CASH).to_owned();
            let amount = fields.int("amount")?.unwrap_or(0);
            fields.finish()?;
            Ok(Self { rule, payee: payee.into(), account, amount })
        };
        nodes.iter().map(read).collect()
    }

    /// The document; reading it back gives the same.
    #[must_use]
    pub fn to_node(&self) -> Node {
        Node::map([
            ("rule", Node::from(self.rule.as_str())),
            ("payee", (&self.payee).into()),
            ("account", self.account.as_str().into()),
            ("amount", self.amount.into()),
        ])
    }
}

impl Reversal {
    /// The document: rows to post and what stands afterwards.
    #[must_use]
    pub fn to_node(&self) -> Node {
        let rows = self.rows.iter().map(|row| {
            Node::map([
                ("key", Node::from(row.key.as_str())),
                ("rule", row.rule.as_str().into()),
                ("payee", (&row.payee).into()),
                ("account", row.account.as_str().into()),
                ("amount", row.amount.into()),
            ])
        });
        let left = self.left.iter().map(Standing::to_node);
        Node::map([
            ("rows", Node::List(rows.collect())),
            ("left", Node::List(left.collect())),
            ("retained_change", self.retained_change.into()),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reward::plan::Plan;
    use crate::sale::Sale;

    /// An upline of one under two levels: half of the offer is retained, and goes back with the refund.
    #[test]
    fn what_is_retained_goes_back_too() {
        for reverse_by in ["recompute", "share_of_units"] {
            let plan = format!(
                r#"{{"schema":"fenrun.plan/1","name":"p","currency":"CNY","rule":[{{"id":"r",
                "to":{{"up":"referral"}},"pay":{{"levels":["10%","7%"]}},"reverse":"{reverse_by}"}}]}}"#
            );
            let plan = Plan::from_json(&plan).unwrap();
            let sale = r#"{"id":1,"buyer":2,"upline":[3],"lines":[{"units":3,"paid":9999}]}"#;
            let sale = Sale::from_node(&crate::doc::read_json(sale, 1000).unwrap(), plan.currency()).unwrap();
            let (outcome, frozen) = Frozen::settle(&plan, &sale).unwrap();
            let (mut before, mut paid, mut kept) = (Vec::new(), 999, outcome.retained()[0].amount);
            assert_eq!(kept, 699);
            for (at, amount) in [3333, 1, 6665].into_iter().enumerate() {
                let lines = vec![Taken { line: LineId::from(1), units: 1, amount }];
                let refund = Refund { id: RefundId::new(&format!("R{at}")).unwrap(), lines };
                let reversal = reverse(&frozen, &before, &refund, None).unwrap();
                paid += reversal.rows.iter().map(|row| row.amount).sum::<i64>();
                kept += reversal.retained_change;
                assert_eq!(paid, reversal.left.iter().map(|entry| entry.amount).sum::<i64>());
                before.push(refund);
            }
            assert_eq!((paid, kept), (0, 0), "{reverse_by}");
        }
    }

    /// Its rows would have keys that a unique index knows already.
    #[test]
    fn a_refund_is_taken_back_once() {
        let sale = r#"{"id":1,"buyer":2,"lines":[{"units":3,"paid":9999}]}"#;
        let plan = Plan::preset("three_level").unwrap();
        let sale = Sale::from_node(&crate::doc::read_json(sale, 1000).unwrap(), plan.currency()).unwrap();
        let frozen = Frozen::new(&plan, &sale).unwrap();
        let of = |id: &str, units| Refund {
            id: RefundId::new(id).unwrap(),
            lines: vec![Taken { line: LineId::from(1), units, amount: 0 }],
        };
        let twice = [
            reverse(&frozen, &[of("R1", 1)], &of("R1", 1), None).unwrap_err(),
            reverse(&frozen, &[of("R1", 1), of("R1", 1)], &of("R2", 1), None).unwrap_err(),
            standing(&frozen, &[of("R1", 1), of("R1", 1)]).unwrap_err(),
        ];
        for error in twice {
            assert_eq!(error.code(), Code::OverReversed);
            assert!(error.message().contains("refund R1 "), "{error}");
        }
        assert!(reverse(&frozen, &[of("R1", 1), of("R2", 1)], &of("R3", 1), None).is_ok());
        let read = |text: &str| Refund::list_from_node(&crate::doc::read_json(text, 1000).unwrap());
        assert_eq!(read(r#"[{"id":"R1","lines":[{"line":1,"units":1}]}]"#).unwrap(), [of("R1", 1)]);
        let stated = r#"[{"id":"R1","lines":[{"line":1,"units":1}],"standing":[]}]"#;
        assert_eq!(read(stated).unwrap(), [of("R1", 1)]);
        for flat in [r#"[{"line":1,"units":1,"amount":1}]"#, r#"[{"lines":[]}]"#, "{}", "null"] {
            assert!(read(flat).unwrap_err().message().starts_with("before"), "{flat}");
        }
    }
}
