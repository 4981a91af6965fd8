//! Many orders at once: columns in, rows out.

use crate::args::{Place, Places, handle, optional_slice, refused, slice, text};
use crate::buffer::fenrun_buffer;
use crate::call::{call, free};
use crate::error::fenrun_error;
use crate::forest::{Names, fenrun_forest};
use crate::plan::fenrun_plan;
use fenrun_capi::Batch;
use fenrun_capi::fenrun::Result;
use fenrun_capi::fenrun::doc::{MAX_DOCUMENT_BYTES, read_json};
use fenrun_capi::fenrun::reward::batch::{Orders, Overrides, read_overrides};
use fenrun_capi::fenrun::reward::referral::MemberIx;
use std::borrow::Cow;
use std::ffi::c_char;

/// A further amount of every row, such as `list` or `pv`, in minor units at or above zero.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fenrun_component {
    /// Its name, UTF-8.
    pub name: *const c_char,
    /// The bytes of the name.
    pub name_len: usize,
    /// One amount a row.
    pub values: *const i64,
}

/// Order lines as columns, one row a line. Zero it, set `size`, then the columns there are; those that may
/// be null say so. The library reads the columns during the call only.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct fenrun_orders {
    /// `sizeof(fenrun_orders)`.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// How many rows there are: the length of every column.
    pub len: usize,
    /// Who bought, as ids below 2^63. Null when `buyer_handles` is there.
    pub buyers: *const u64,
    /// Who bought, as handles of `fenrun_forest_resolve`. Null when `buyers` is there.
    pub buyer_handles: *const u32,
    /// What was paid, in minor units: net of discounts, without shipping and added tax.
    pub paid: *const i64,
    /// Order ids below 2^63, or null: the row number from 1.
    pub ids: *const u64,
    /// Line ids, unique within their order, whose rows stand together; or null: every row is an order.
    pub lines: *const u64,
    /// Units sold, or null: 1.
    pub units: *const u32,
    /// When the order was placed, milliseconds of UTC, or null: now. The upline is the one of that moment.
    pub placed_at: *const i64,
    /// Further components, or null.
    pub components: *const fenrun_component,
    /// How many there are.
    pub components_len: usize,
    /// Rates that replace the plan's: the place of each row in `override_table`, from 1, or 0 for none.
    /// Or null.
    pub overrides: *const u32,
    /// A JSON list of `{ <rule id>: <rates> }`. Null when `overrides` is.
    pub override_table: *const c_char,
    /// The bytes of the table.
    pub override_table_len: usize,
    /// The tenant, part of the keys of rows; or null.
    pub tenant: *const c_char,
    /// The bytes of the tenant.
    pub tenant_len: usize,
}

const _: () = assert!(size_of::<fenrun_component>() == 8 + 2 * size_of::<usize>());
const _: () = assert!(size_of::<fenrun_orders>() == 8 + 15 * size_of::<usize>());
const _: () = assert!(std::mem::offset_of!(fenrun_orders, len) == 8);

/// What a batch gave. Immutable: share freely.
pub struct fenrun_rows(Batch);

/// Settles a batch over a forest: all of it, or nothing. Each order gives the rows it would give alone.
///
/// `threads` is the number of threads to use, at most 256, 0 for as many as the machine has. A thread gets
/// 4,096 rows or more, so a small batch uses fewer; where the system starts no more, those that run do all
/// the work. None outlives the call, and their number changes nothing in the rows.
///
/// Errors, with the index of the row: `FENRUN_UNKNOWN_MEMBER`, `FENRUN_DUPLICATE_ORDER`,
/// `FENRUN_INVALID_SALE`, `FENRUN_MISSING_COMPONENT`, `FENRUN_MISSING_FACT`. Without one: `FENRUN_COLUMN`
/// for a component the plan cannot mean, `FENRUN_INVALID_SALE` for a tenant of more than 64 bytes.
///
/// # Safety
/// `plan` and `forest` are living, `orders` points to a filled struct, `rows_out` to room for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_settle(
    plan: *const fenrun_plan,
    forest: *const fenrun_forest,
    orders: *const fenrun_orders,
    threads: u32,
    rows_out: *mut *mut fenrun_rows,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let plan = handle(plan, "plan")?;
            let forest = handle(forest, "forest")?;
            let out = Place::new(rows_out, "rows_out")?;
            let input = Input::read(orders)?;
            // The snapshot shares the members, so a long batch keeps nobody from the forest.
            let forest = forest.0.read(|rows| Ok(rows.snapshot()))?;
            let mut rows = Box::new(fenrun_rows(Batch::new(&plan.0, forest, input.tenant)));
            let buyers = match input.buyers {
                Buyers::Ids(ids) => Cow::Owned(rows.0.forest().resolve_at(ids, input.placed_at)?),
                Buyers::Handles(handles) => Cow::Borrowed(handles),
            };
            let orders = Orders {
                buyers: &buyers,
                components: input.components.as_slice(),
                ids: input.ids,
                lines: input.lines,
                units: input.units,
                placed_at: input.placed_at,
                overrides: input.overrides.as_ref().map(|(column, table)| (*column, table.as_slice())),
            };
            rows.0.settle(plan.0.plan(), &orders, threads)?;
            out.put(Box::into_raw(rows));
            Ok(())
        })
    }
}

/// The columns of a batch as slices.
struct Input<'a> {
    buyers: Buyers<'a>,
    components: Components<'a>,
    ids: Option<&'a [u64]>,
    lines: Option<&'a [u64]>,
    units: Option<&'a [u32]>,
    placed_at: Option<&'a [i64]>,
    overrides: Option<(&'a [u32], Vec<Overrides>)>,
    tenant: &'a str,
}

/// Most batches have one component, which needs no list of its own.
enum Components<'a> {
    Paid([(&'a str, &'a [i64]); 1]),
    Several(Vec<(&'a str, &'a [i64])>),
}

impl<'a> Components<'a> {
    fn as_slice(&self) -> &[(&'a str, &'a [i64])] {
        match self {
            Self::Paid(paid) => paid,
            Self::Several(all) => all,
        }
    }
}

enum Buyers<'a> {
    Ids(&'a [u64]),
    Handles(&'a [MemberIx]),
}

impl<'a> Input<'a> {
    /// Checks the struct and its pointers.
    ///
    /// # Safety
    /// `orders` is null or points to a struct of which `size` bytes are there, and its columns are as its
    /// fields say.
    unsafe fn read(orders: *const fenrun_orders) -> Result<Self> {
        // SAFETY: the caller keeps the promises above.
        unsafe {
            let orders = read_struct(orders)?;
            let len = orders.len;
            let buyers = match (orders.buyers.is_null(), orders.buyer_handles.is_null()) {
                (false, true) => Buyers::Ids(slice(orders.buyers, len, "orders.buyers")?),
                (true, false) => {
                    // A handle is a number and nothing else, any of which is a valid one.
                    Buyers::Handles(slice(
                        orders.buyer_handles.cast::<MemberIx>(),
                        len,
                        "orders.buyer_handles",
                    )?)
                }
                (true, true) if len == 0 => Buyers::Ids(&[]),
                _ => return Err(refused("orders", "has either `buyers` or `buyer_handles`, one of them")),
            };
            let paid = [("paid", slice(orders.paid, len, "orders.paid")?)];
            let more = slice(orders.components, orders.components_len, "orders.components")?;
            let components = match more {
                [] => Components::Paid(paid),
                _ => Components::Several(all_components(paid, more, len)?),
            };
            let overrides = match optional_slice(orders.overrides, len, "orders.overrides")? {
                None => None,
                Some(column) => {
                    let table =
                        text(orders.override_table, orders.override_table_len, "orders.override_table")?;
                    Some((column, read_overrides(&read_json(table, MAX_DOCUMENT_BYTES)?)?))
                }
            };
            Ok(Self {
                buyers,
                components,
                ids: optional_slice(orders.ids, len, "orders.ids")?,
                lines: optional_slice(orders.lines, len, "orders.lines")?,
                units: optional_slice(orders.units, len, "orders.units")?,
                placed_at: optional_slice(orders.placed_at, len, "orders.placed_at")?,
                overrides,
                tenant: text(orders.tenant, orders.tenant_len, "orders.tenant")?,
            })
        }
    }
}

/// What was paid, and the further components.
///
/// # Safety
/// The further components are as their fields say, for so many rows.
unsafe fn all_components<'a>(
    paid: [(&'a str, &'a [i64]); 1],
    more: &[fenrun_component],
    len: usize,
) -> Result<Vec<(&'a str, &'a [i64])>> {
    let mut components = Vec::from(paid);
    for component in more {
        // SAFETY: the caller keeps the promise above.
        let (name, values) = unsafe {
            let name = text(component.name, component.name_len, "orders.components.name")?;
            (name, slice(component.values, len, "orders.components.values")?)
        };
        if components.iter().any(|(known, _)| *known == name) {
            return Err(refused("orders.components", &format!("has `{name}` twice")));
        }
        components.push((name, values));
    }
    Ok(components)
}

/// A struct that may have grown: what a newer header added must be zero, or we would ignore a wish.
///
/// # Safety
/// `orders` is null or points to a struct of which `size` bytes are there.
unsafe fn read_struct(orders: *const fenrun_orders) -> Result<fenrun_orders> {
    if orders.is_null() || !orders.is_aligned() {
        return Err(refused("orders", "is null or not aligned"));
    }
    // SAFETY: the size is the first field, and it is there.
    let size = usize::try_from(unsafe { (&raw const (*orders).size).read() }).unwrap_or(0);
    let known = size_of::<fenrun_orders>();
    if size < known {
        return Err(refused("orders", &format!("has size {size}; set it to sizeof(fenrun_orders), {known}")));
    }
    // SAFETY: the caller says that `size` bytes are there, of which the first `known` are our struct.
    let (read, rest) =
        unsafe { (orders.read(), std::slice::from_raw_parts(orders.cast::<u8>().add(known), size - known)) };
    if read.reserved != 0 || rest.iter().any(|byte| *byte != 0) {
        return Err(refused(
            "orders",
            "asks for something this library does not know; reserved bytes are zero",
        ));
    }
    Ok(read)
}

/// Frees rows; null is fine.
///
/// # Safety
/// `rows` is null or came from this library and was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_rows_free(rows: *mut fenrun_rows) {
    // SAFETY: the caller keeps the promise above.
    unsafe { free(rows) };
}

/// How many rows there are: the room that each `_copy_` call needs.
///
/// # Safety
/// `rows` is living, `len_out` points to room for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_rows_len(
    rows: *const fenrun_rows,
    len_out: *mut usize,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let rows = handle(rows, "rows")?;
            Place::new(len_out, "len_out")?.put(rows.0.len());
            Ok(())
        })
    }
}

/// Copies a column; `capacity` must be at least the number of rows.
///
/// # Safety
/// `rows` is living, `out` points to room for `capacity` values.
unsafe fn copy<'a, T: Copy, I: Iterator<Item = T>>(
    rows: *const fenrun_rows,
    out: *mut T,
    capacity: usize,
    err: *mut fenrun_error,
    column: impl FnOnce(&'a Batch) -> I,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let rows = handle(rows, "rows")?;
            let out = Places::new(out, capacity, "out")?;
            out.need(rows.0.len())?;
            out.fill(column(&rows.0));
            Ok(())
        })
    }
}

/// Copies the place of the input row each row is paid for, from 0; the first of its order when the rule
/// rounds per order.
///
/// # Safety
/// `rows` is living, `out` points to room for `capacity` numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_rows_copy_source(
    rows: *const fenrun_rows,
    out: *mut u32,
    capacity: usize,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe { copy(rows, out, capacity, err, Batch::sources) }
}

/// Copies the id of the order each row is paid for.
///
/// # Safety
/// `rows` is living, `out` points to room for `capacity` ids.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_rows_copy_order(
    rows: *const fenrun_rows,
    out: *mut u64,
    capacity: usize,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe { copy(rows, out, capacity, err, Batch::orders) }
}

/// Copies the id of the line each row is paid for, 0 when its rule rounds per order.
///
/// # Safety
/// `rows` is living, `out` points to room for `capacity` ids.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_rows_copy_line(
    rows: *const fenrun_rows,
    out: *mut u64,
    capacity: usize,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe { copy(rows, out, capacity, err, Batch::lines) }
}

/// Copies the id of each row's payee; their number in a forest of texts, see `fenrun_rows_ids`.
///
/// # Safety
/// `rows` is living, `out` points to room for `capacity` ids.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_rows_copy_payee(
    rows: *const fenrun_rows,
    out: *mut u64,
    capacity: usize,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe { copy(rows, out, capacity, err, Batch::payees) }
}

/// Whether the members of the forest these rows were settled over have texts as ids: `yes_out` is 1 then, and the
/// numbers of payees are those that `fenrun_rows_ids` makes texts of.
///
/// # Safety
/// `rows` is living, `yes_out` points to room for a byte.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_rows_has_texts(
    rows: *const fenrun_rows,
    yes_out: *mut u8,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let rows = handle(rows, "rows")?;
            Place::new(yes_out, "yes_out")?.put(u8::from(rows.0.forest().has_texts()));
            Ok(())
        })
    }
}

/// The ids of members as the host writes them, for the numbers of `fenrun_rows_copy_payee` and
/// `fenrun_rows_copy_after`: as `fenrun_forest_ids`, of the forest as it was when the rows were settled, which need
/// not live any more. Ask once for each member, not for each row.
///
/// Errors: `FENRUN_UNKNOWN_MEMBER` with the index of the first number that is not here.
///
/// # Safety
/// `rows` is living, `members` points to `len` numbers, `ids_out` to a buffer, `ends_out` to room for `len` numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_rows_ids(
    rows: *const fenrun_rows,
    members: *const u64,
    len: usize,
    ids_out: *mut fenrun_buffer,
    ends_out: *mut u64,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let rows = handle(rows, "rows")?;
            let ask = Names::new(members, len, ids_out, ends_out)?;
            let names = fenrun_capi::names(rows.0.forest(), ask.members)?;
            ask.answer(names);
            Ok(())
        })
    }
}

/// Copies the place of each row's rule in the plan, from 0; `fenrun_rows_rule` gives its id.
///
/// # Safety
/// `rows` is living, `out` points to room for `capacity` numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_rows_copy_rule(
    rows: *const fenrun_rows,
    out: *mut u32,
    capacity: usize,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe { copy(rows, out, capacity, err, Batch::rule_places) }
}

/// Copies the level of each row, from 1.
///
/// # Safety
/// `rows` is living, `out` points to room for `capacity` numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_rows_copy_level(
    rows: *const fenrun_rows,
    out: *mut u32,
    capacity: usize,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe { copy(rows, out, capacity, err, Batch::levels) }
}

/// Copies the amount of each row, in minor units, above zero.
///
/// # Safety
/// `rows` is living, `out` points to room for `capacity` amounts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_rows_copy_amount(
    rows: *const fenrun_rows,
    out: *mut i64,
    capacity: usize,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe { copy(rows, out, capacity, err, Batch::amounts) }
}

/// Copies the place of each row's account, from 0, which is `cash`; `fenrun_rows_account` gives its name.
///
/// # Safety
/// `rows` is living, `out` points to room for `capacity` numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_rows_copy_account(
    rows: *const fenrun_rows,
    out: *mut u32,
    capacity: usize,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe { copy(rows, out, capacity, err, Batch::account_places) }
}

/// Copies whose amount each row's rule runs after, as an id (a number in a forest of texts, see `fenrun_rows_ids`);
/// 0 for a rule of the sale itself.
///
/// # Safety
/// `rows` is living, `out` points to room for `capacity` ids.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_rows_copy_after(
    rows: *const fenrun_rows,
    out: *mut u64,
    capacity: usize,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe { copy(rows, out, capacity, err, Batch::after) }
}

/// What each member gets in all, in the order of their first rows: their ids, the places of the accounts as
/// `fenrun_rows_copy_account` has them, and minor units. Where no rule splits its amounts, all of it is on account 0
/// and nobody stands twice.
///
/// `len_out` says how many there are, at most as many as rows; `capacity` must be at least that.
///
/// # Safety
/// `rows` is living, `payees_out`, `accounts_out` and `amounts_out` point to room for `capacity` values each,
/// `len_out` for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_rows_totals(
    rows: *const fenrun_rows,
    payees_out: *mut u64,
    accounts_out: *mut u32,
    amounts_out: *mut i64,
    capacity: usize,
    len_out: *mut usize,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let rows = handle(rows, "rows")?;
            let payees_out = Places::new(payees_out, capacity, "payees_out")?;
            let accounts_out = Places::new(accounts_out, capacity, "accounts_out")?;
            let amounts_out = Places::new(amounts_out, capacity, "amounts_out")?;
            let len_out = Place::new(len_out, "len_out")?;
            let totals = rows.0.member_totals()?;
            payees_out.need(totals.len())?;
            let forest = rows.0.forest();
            payees_out.fill(totals.iter().map(|total| forest.id(total.payee)));
            accounts_out.fill(totals.iter().map(|total| u32::from(total.account)));
            amounts_out.fill(totals.iter().map(|total| total.amount));
            len_out.put(totals.len());
            Ok(())
        })
    }
}

/// The keys of all rows, 32 hex digits each, one after the other without anything between: the same as
/// when each order is settled alone.
///
/// # Safety
/// `rows` is living, `keys_out` points to a buffer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_rows_keys(
    rows: *const fenrun_rows,
    keys_out: *mut fenrun_buffer,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let rows = handle(rows, "rows")?;
            let out = Place::new(keys_out, "keys_out")?;
            out.put(rows.0.keys().collect::<String>().into());
            Ok(())
        })
    }
}

/// The id of a rule by its place.
///
/// # Safety
/// `rows` is living, `id_out` points to a buffer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_rows_rule(
    rows: *const fenrun_rows,
    place: u32,
    id_out: *mut fenrun_buffer,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let rows = handle(rows, "rows")?;
            let out = Place::new(id_out, "id_out")?;
            out.put(rows.0.rule_id(place)?.to_owned().into());
            Ok(())
        })
    }
}

/// The name of an account by its place.
///
/// # Safety
/// `rows` is living, `name_out` points to a buffer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_rows_account(
    rows: *const fenrun_rows,
    place: u32,
    name_out: *mut fenrun_buffer,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let rows = handle(rows, "rows")?;
            let out = Place::new(name_out, "name_out")?;
            out.put(rows.0.account(place)?.to_owned().into());
            Ok(())
        })
    }
}

/// What the plan offered for the whole batch: the sum of all amounts and of what was retained.
///
/// # Safety
/// `rows` is living, `pool_out` points to room for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_rows_pool(
    rows: *const fenrun_rows,
    pool_out: *mut i64,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let rows = handle(rows, "rows")?;
            Place::new(pool_out, "pool_out")?.put(rows.0.pool());
            Ok(())
        })
    }
}

/// What nobody got for a reason: `no_upline`, `ineligible`, `blocked` …
///
/// Errors: `FENRUN_UNKNOWN_WORD` lists the reasons.
///
/// # Safety
/// `rows` is living, `reason` points to `reason_len` bytes, `minor_out` to room for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_rows_retained(
    rows: *const fenrun_rows,
    reason: *const c_char,
    reason_len: usize,
    minor_out: *mut i64,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let rows = handle(rows, "rows")?;
            let reason = text(reason, reason_len, "reason")?;
            let out = Place::new(minor_out, "minor_out")?;
            out.put(rows.0.retained(reason)?);
            Ok(())
        })
    }
}
