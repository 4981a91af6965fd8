//! The orders file: lines of orders, with the members' forest or with an upline of their own.

use super::facts::{FactColumns, Names};
use super::members::{Members, id};
use super::{Clock, Columns, Row, Sheet};
use fenrun::doc::{self, MAX_COMMAND_BYTES};
use fenrun::id::{LineId, MemberId, OrderId};
use fenrun::money::Currency;
use fenrun::request::Tenant;
use fenrun::reward::referral::MemberIx;
use fenrun::sale::{Around, Facts, MAX_STOPS, Override, Person, Purpose, Sale, SaleDraft, SaleLine};
use fenrun::time::Timestamp;
use fenrun::{Code, Error, Result};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

/// Where what is known of one person stands.
struct PersonColumns {
    id: usize,
    rank: Option<usize>,
    facts: FactColumns,
}

/// Where the columns are.
struct Layout {
    order: usize,
    line: Option<usize>,
    buyer: PersonColumns,
    units: Option<usize>,
    purpose: Option<usize>,
    currency: Option<usize>,
    placed_at: Option<usize>,
    overrides: Option<usize>,
    /// Name, place, and whether the cells are minor units.
    components: Vec<(String, usize, bool)>,
    /// The order's own upline; empty when the members file has it.
    upline: Vec<PersonColumns>,
    roles: Vec<(String, PersonColumns)>,
    line_facts: FactColumns,
    sale_facts: FactColumns,
}

/// What all lines of an order must say alike.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Head {
    order: OrderId,
    buyer: Person,
    placed_at: Option<Timestamp>,
    upline: Vec<Person>,
    roles: BTreeMap<String, Person>,
    facts: Facts,
}

/// One row, read.
struct Entry {
    at: u64,
    head: Head,
    line: SaleLine,
}

/// An order as a sale, and where it stands in the file.
pub(crate) struct Placed {
    /// The sale.
    pub(crate) sale: Sale,
    /// Its lines in the order of the file.
    pub(crate) lines: Vec<LineId>,
    /// The line of the file it starts at.
    pub(crate) at: u64,
}

/// Orders as columns, for the batch kernel: one line each.
pub(crate) struct Arrays {
    /// The id of each order.
    pub(crate) ids: Vec<OrderId>,
    /// Who bought.
    pub(crate) buyers: Vec<MemberIx>,
    /// Units of each order.
    pub(crate) units: Vec<u32>,
    /// When each order was placed, in milliseconds.
    pub(crate) placed_at: Vec<i64>,
    /// Components by name.
    pub(crate) components: Vec<(String, Vec<i64>)>,
}

/// The orders of a file, one after the other.
pub(crate) struct Orders<'a> {
    sheet: Sheet,
    layout: Layout,
    names: &'a Names,
    clock: Clock,
    tenant: &'a Tenant,
    members: Option<&'a Members>,
    ahead: Option<Entry>,
    seen: HashMap<OrderId, u64>,
}

impl<'a> Orders<'a> {
    /// Opens the file and reads its header.
    ///
    /// # Errors
    /// [`Code::Column`] names the column that is missing or unknown.
    pub(crate) fn open(
        path: &Path,
        names: &'a Names,
        members: Option<&'a Members>,
        clock: &Clock,
        tenant: &'a Tenant,
    ) -> Result<Self> {
        let (sheet, mut header) = Sheet::open(path)?;
        let layout = Layout::read(&mut header, names)?;
        if layout.upline.is_empty() && members.is_none() {
            let rule = "no column `upline_1`, so the orders carry no upline; name the members with --members";
            return Err(header.fault(rule.into()));
        }
        if layout.upline.is_empty() && layout.placed_at.is_none() && members.is_some_and(Members::is_dated) {
            return Err(header.missing("`placed_at`, which the history of the members needs,", "placed_at"));
        }
        header.finish()?;
        let seen = HashMap::new();
        Ok(Self { sheet, layout, names, clock: *clock, tenant, members, ahead: None, seen })
    }

    /// Every order as one row of columns; `None` when they need more than columns hold.
    ///
    /// # Errors
    /// As [`Orders::next`].
    pub(crate) fn arrays(&mut self) -> Result<Option<Arrays>> {
        let plain = self.layout.is_plain();
        let Some(members) = self.members.filter(|members| plain && members.forest().is_some()) else {
            return Ok(None);
        };
        let empty = |(name, _, _): &(String, usize, bool)| (name.clone(), Vec::new());
        let components = self.layout.components.iter().map(empty).collect();
        let mut arrays = Arrays {
            ids: Vec::new(),
            buyers: Vec::new(),
            units: Vec::new(),
            placed_at: Vec::new(),
            components,
        };
        while let Some(Placed { sale, .. }) = self.next()? {
            let (Some(buyer), [line]) = (members.find(&sale.buyer.id), &sale.lines[..]) else {
                return Ok(None);
            };
            let Ok(units) = u32::try_from(line.units) else { return Ok(None) };
            for (name, column) in &mut arrays.components {
                let Some(minor) = line.components.get(name) else { return Ok(None) };
                column.push(*minor);
            }
            arrays.ids.push(sale.id.clone());
            arrays.buyers.push(buyer);
            arrays.units.push(units);
            arrays.placed_at.push(sale.placed_at.ms());
        }
        Ok(Some(arrays))
    }

    /// The next order, `None` at the end.
    ///
    /// # Errors
    /// Names file and line: a cell that cannot be read, an unknown buyer, an order or line that stands
    /// twice, lines of one order that contradict each other.
    pub(crate) fn next(&mut self) -> Result<Option<Placed>> {
        let first = match self.ahead.take() {
            Some(entry) => entry,
            None => match self.entry()? {
                Some(entry) => entry,
                None => return Ok(None),
            },
        };
        if let Some(line) = self.seen.insert(first.head.order.clone(), first.at) {
            let rule = format!("order {} stands in line {line} too", first.head.order);
            return Err(self.fault(first.at, Code::DuplicateOrder, &rule));
        }
        let Entry { at, head, line } = first;
        let mut lines = vec![line];
        let mut ids = BTreeSet::from([lines[0].id.clone()]);
        while let Some(entry) = self.entry()? {
            if self.layout.line.is_none() || entry.head.order != head.order {
                self.ahead = Some(entry);
                break;
            }
            if entry.head != head {
                let rule =
                    format!("order {} says something else of the whole order than line {at}", head.order);
                return Err(self.fault(entry.at, Code::Row, &rule));
            }
            if !ids.insert(entry.line.id.clone()) {
                let rule = format!("line {} of order {} stands twice", entry.line.id, head.order);
                return Err(self.fault(entry.at, Code::DuplicateOrder, &rule));
            }
            lines.push(entry.line);
        }
        let order = lines.iter().map(|line| line.id.clone()).collect();
        let sale = self.sale(head, lines).map_err(|error| self.place(at, error))?;
        Ok(Some(Placed { sale, lines: order, at }))
    }

    /// Says of an error of an order where it stands, and whether the members file says nothing yet of
    /// somebody who is asked.
    pub(crate) fn explain(&self, placed: &Placed, error: Error) -> Error {
        let Placed { sale, at, .. } = placed;
        let people = [&sale.buyer].into_iter().chain(&sale.upline).chain(sale.roles.values());
        let later = match (self.members, error.code()) {
            // The engine names who was asked; a member whose first row begins later states nothing.
            (Some(members), Code::MissingFact) if self.layout.upline.is_empty() => people
                .filter(|person| error.message().starts_with(&format!("member {} does not", person.id)))
                .find_map(|person| members.later(&person.id, sale.placed_at)),
            _ => None,
        };
        let rule =
            later.map_or_else(|| error.message().to_owned(), |rule| format!("{}; {rule}", error.message()));
        self.place(*at, Error::new(error.code(), rule))
    }

    /// Puts file and line in front of an error.
    fn place(&self, at: u64, error: Error) -> Error {
        error.within(&format!("{}:{at}", self.sheet.path()))
    }

    fn fault(&self, at: u64, code: Code, rule: &str) -> Error {
        self.place(at, Error::new(code, rule))
    }

    fn sale(&self, head: Head, lines: Vec<SaleLine>) -> Result<Sale> {
        let Head { order, buyer, placed_at, mut upline, roles, facts } = head;
        if let Some(members) = self.members.filter(|_| self.layout.upline.is_empty())
            && let Some(ix) = members.find(&buyer.id)
        {
            upline = members.upline(ix, placed_at, self.names.walk);
        }
        Sale::new(SaleDraft {
            tenant: self.tenant.as_str().to_owned(),
            id: order,
            version: 1,
            currency: self.names.currency(),
            placed_at: placed_at.unwrap_or_default(),
            buyer,
            upline,
            roles,
            around: Around::default(),
            used: None,
            facts,
            lines,
        })
    }

    /// The next row.
    fn entry(&mut self) -> Result<Option<Entry>> {
        let Some(row) = self.sheet.next()? else { return Ok(None) };
        let (layout, names) = (&self.layout, self.names);
        check_currency(row, layout.currency, names.currency())?;
        let order = OrderId::new(row.cell(Some(layout.order))).map_err(|error| row.place(error))?;
        let placed_at = match row.cell(layout.placed_at) {
            "" if layout.placed_at.is_some() => return Err(row.fault("`placed_at` is empty")),
            "" => None,
            text => Some(self.clock.read(text).map_err(|rule| row.fault(rule))?),
        };
        let own = !layout.upline.is_empty();
        let members = self.members.filter(|_| !own);
        let person = |columns: &PersonColumns, what: &str| -> Result<Option<Person>> {
            let Some(id) = id(row, columns.id)? else { return Ok(None) };
            let Some(members) = members else { return Ok(Some(own_person(row, names, columns, id)?)) };
            let unknown =
                || row.fault_of(Code::UnknownMember, format!("{what} {id} is not among the members"));
            members.find(&id).map(|ix| Some(members.person(ix, placed_at))).ok_or_else(unknown)
        };
        let buyer = person(&layout.buyer, "buyer")?.ok_or_else(|| row.fault("the buyer is nobody"))?;
        let mut roles = BTreeMap::new();
        for (role, columns) in &layout.roles {
            roles.extend(person(columns, role)?.map(|holder| (role.clone(), holder)));
        }
        let mut upline = Vec::new();
        for (at, columns) in layout.upline.iter().enumerate() {
            match person(columns, "upline")? {
                Some(stop) if upline.len() == at => upline.push(stop),
                Some(stop) => {
                    let rule = format!("upline_{} is {}, but a nearer one is nobody", at + 1, stop.id);
                    return Err(row.fault(rule));
                }
                None => {}
            }
        }
        let facts = names.facts(row, &layout.sale_facts)?;
        let head = Head { order, buyer, placed_at, upline, roles, facts };
        Ok(Some(Entry { at: row.line, head, line: line(row, layout, names)? }))
    }
}

impl Layout {
    fn read(header: &mut Columns, names: &Names) -> Result<Self> {
        let (order, buyer) = (header.need("order")?, header.need("buyer")?);
        let mut components = Vec::new();
        for name in &names.components {
            let minor_name = format!("{name}_minor");
            match (header.take(name), header.take(&minor_name)) {
                (Some(_), Some(_)) => {
                    return Err(header.fault(format!("`{name}` and `{minor_name}` say the same; keep one")));
                }
                (Some(at), None) => components.push((name.clone(), at, false)),
                (None, Some(at)) => components.push((name.clone(), at, true)),
                (None, None) if name == "paid" => {
                    return Err(
                        header.missing("`paid` (such as 12.50) or `paid_minor` (such as 1250)", "paid")
                    );
                }
                (None, None) => {}
            }
        }
        let mut upline = Vec::new();
        while let Some(id) = header.take(&format!("upline_{}", upline.len() + 1)) {
            upline.push(PersonColumns::read(header, names, id, &(upline.len() + 1).to_string()));
            if upline.len() > MAX_STOPS {
                return Err(header.fault(format!("an upline has at most {MAX_STOPS} stops")));
            }
        }
        let own = !upline.is_empty();
        let person = |header: &mut Columns, id, suffix: &str| {
            if own {
                return PersonColumns::read(header, names, id, suffix);
            }
            PersonColumns { id, rank: None, facts: FactColumns::new() }
        };
        let buyer = person(header, buyer, "buyer");
        let mut roles = Vec::new();
        for role in &names.roles {
            if let Some(id) = header.take(&format!("role_{role}")) {
                roles.push((role.clone(), person(header, id, role)));
            }
        }
        Ok(Self {
            order,
            line: header.take("line"),
            buyer,
            units: header.take("units"),
            purpose: header.take("purpose"),
            currency: header.take("currency"),
            placed_at: header.take("placed_at"),
            overrides: header.take("override"),
            components,
            upline,
            roles,
            line_facts: names.columns(header, str::to_owned),
            sale_facts: names.columns(header, |fact| format!("sale_{fact}")),
        })
    }

    /// Whether columns of numbers say all there is.
    fn is_plain(&self) -> bool {
        let facts = self.line_facts.is_empty() && self.sale_facts.is_empty();
        let people = self.upline.is_empty() && self.roles.is_empty();
        facts && people && self.line.is_none() && self.purpose.is_none() && self.overrides.is_none()
    }
}

impl PersonColumns {
    fn read(header: &mut Columns, names: &Names, id: usize, suffix: &str) -> Self {
        let rank = header.take(&format!("rank_{suffix}"));
        let facts = names.columns(header, |fact| format!("{fact}_{suffix}"));
        Self { id, rank, facts }
    }
}

/// A person the row itself tells of.
fn own_person(row: Row<'_>, names: &Names, columns: &PersonColumns, id: MemberId) -> Result<Person> {
    Ok(Person { id, rank: names.rank(row, columns.rank)?, facts: names.facts(row, &columns.facts)? })
}

fn line(row: Row<'_>, layout: &Layout, names: &Names) -> Result<SaleLine> {
    let id = match layout.line {
        None => LineId::from(1),
        Some(column) => LineId::new(row.cell(Some(column))).map_err(|error| row.place(error))?,
    };
    let units = match row.cell(layout.units) {
        "" => 1,
        text => {
            text.parse().map_err(|_| row.fault(format_args!("`units` is `{text}`, not a whole number")))?
        }
    };
    let purpose = match row.cell(layout.purpose) {
        "" | "goods" => Purpose::Goods,
        "joining" => Purpose::Joining,
        "deposit" => Purpose::Deposit,
        other => {
            return Err(row.fault(format_args!("`purpose` is `{other}`; one of goods, joining, deposit")));
        }
    };
    let mut components = BTreeMap::new();
    for (name, column, minor) in &layout.components {
        let text = row.cell(Some(*column));
        let value = match (text, minor) {
            ("", _) if name == "paid" => return Err(row.fault("`paid` is empty")),
            ("", _) => continue,
            (text, true) => text.parse().map_err(|_| {
                row.fault(format_args!("`{name}_minor` is `{text}`, not a whole number of minor units"))
            })?,
            (text, false) => names.amount(text).map_err(|error| row.place(error.within(name)))?,
        };
        if value < 0 {
            let unit = if *minor { "_minor" } else { "" };
            return Err(row.fault(format_args!("`{name}{unit}` is `{text}`, below zero")));
        }
        components.insert(name.clone(), value);
    }
    let facts = names.facts(row, &layout.line_facts)?;
    Ok(SaleLine { id, units, components, purpose, facts, overrides: overrides(row, layout.overrides)? })
}

/// Rates of a line by rule, as the JSON a sale has under `override`.
fn overrides(row: Row<'_>, column: Option<usize>) -> Result<BTreeMap<String, Override>> {
    let text = row.cell(column);
    if text.is_empty() {
        return Ok(BTreeMap::new());
    }
    let node =
        doc::read_json(text, MAX_COMMAND_BYTES).map_err(|error| row.place(error.within("`override`")))?;
    SaleLine::overrides_from_node(&node).map_err(|error| row.place(error))
}

fn check_currency(row: Row<'_>, column: Option<usize>, wanted: Currency) -> Result<()> {
    match row.cell(column) {
        "" => Ok(()),
        code if code == wanted.code() => Ok(()),
        code => {
            let rule = format!("the order is in {code}, the plan pays in {wanted}");
            Err(row.fault_of(Code::CurrencyMismatch, rule))
        }
    }
}
