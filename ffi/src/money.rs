//! Money: amounts in text, rates and allocation.

use crate::args::{Place, Places, optional_slice, slice, text};
use crate::buffer::fenrun_buffer;
use crate::call::call;
use crate::error::fenrun_error;
use fenrun_capi::fenrun::money::{Allocate, Currency, Money, Rate, telescope};
use fenrun_capi::{allocation_mode, rounding};
use std::ffi::c_char;

/// Reads an amount such as `19.99` into minor units; never rounds.
///
/// Errors: `FENRUN_INVALID_AMOUNT`, `FENRUN_TOO_MANY_DECIMALS`, `FENRUN_UNKNOWN_CURRENCY`,
/// `FENRUN_OVERFLOW`.
///
/// # Safety
/// `amount` points to `amount_len` bytes, `currency` to `currency_len`, `minor_out` to room for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_money_parse(
    amount: *const c_char,
    amount_len: usize,
    currency: *const c_char,
    currency_len: usize,
    minor_out: *mut i64,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let amount = text(amount, amount_len, "amount")?;
            let currency = Currency::parse(text(currency, currency_len, "currency")?)?;
            let out = Place::new(minor_out, "minor_out")?;
            out.put(Money::parse(amount, currency)?.minor());
            Ok(())
        })
    }
}

/// Writes minor units with all decimals of their currency: 5 CNY is `0.05`.
///
/// Errors: `FENRUN_UNKNOWN_CURRENCY`.
///
/// # Safety
/// `currency` points to `currency_len` bytes, `text_out` to a buffer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_money_format(
    minor: i64,
    currency: *const c_char,
    currency_len: usize,
    text_out: *mut fenrun_buffer,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let currency = Currency::parse(text(currency, currency_len, "currency")?)?;
            let out = Place::new(text_out, "text_out")?;
            out.put(Money::new(minor, currency).to_decimal().into());
            Ok(())
        })
    }
}

/// A share of an amount, rounded once. `rate` is text: `12.5%`, `30bp`, `0.125` or `1/3`; `rounding_mode`
/// is one of `FENRUN_ROUND_*`.
///
/// Errors: `FENRUN_INVALID_RATE`, `FENRUN_UNKNOWN_WORD`, `FENRUN_OVERFLOW`.
///
/// # Safety
/// `rate` points to `rate_len` bytes, `minor_out` to room for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_money_multiply(
    minor: i64,
    rate: *const c_char,
    rate_len: usize,
    rounding_mode: i32,
    minor_out: *mut i64,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let rate: Rate = text(rate, rate_len, "rate")?.parse()?;
            let out = Place::new(minor_out, "minor_out")?;
            out.put(rate.of(minor, rounding(rounding_mode)?)?);
            Ok(())
        })
    }
}

/// Splits `total` into `len` shares by whole-number weights; the shares and what is left unallocated sum
/// to the total exactly. Negative totals mirror positive ones.
///
/// `caps` (the most each share may get, in magnitude) and `ids` (what decides ties; the position where
/// null) may be null. `mode` is one of `FENRUN_ALLOCATE_*`; `share_rounding` is read by
/// `FENRUN_ALLOCATE_LAST_TAKES_REST` alone.
///
/// Errors: `FENRUN_NO_WEIGHTS`, `FENRUN_ZERO_WEIGHTS`, `FENRUN_NEGATIVE_CAP`, `FENRUN_UNKNOWN_WORD`, and
/// `FENRUN_INVALID_VALUE` for caps with another mode than the first.
///
/// # Safety
/// `weights`, `caps` and `ids` point to `len` numbers (or are null as said), `shares_out` to room for `len`
/// that overlaps none of them, `unallocated_out` to room for one.
#[unsafe(no_mangle)]
#[allow(clippy::too_many_arguments)] // one per column, as the conventions of the interface ask
pub unsafe extern "C" fn fenrun_money_allocate(
    total: i64,
    weights: *const u64,
    caps: *const i64,
    ids: *const u64,
    len: usize,
    mode: i32,
    share_rounding: i32,
    shares_out: *mut i64,
    unallocated_out: *mut i64,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let weights = slice(weights, len, "weights")?;
            let caps = optional_slice(caps, len, "caps")?;
            let ids = optional_slice(ids, len, "ids")?;
            let shares = Places::new(shares_out, len, "shares_out")?;
            let unallocated = Place::new(unallocated_out, "unallocated_out")?;
            let mode = allocation_mode(mode, share_rounding)?;
            let allocation = Allocate { total, weights, caps, ids, mode }.run()?;
            shares.copy(&allocation.shares);
            unallocated.put(allocation.unallocated);
            Ok(())
        })
    }
}

/// The share of units `from..to` of `units` in a total. Parts that cover all units sum to the total.
///
/// Errors: `FENRUN_INVALID_VALUE` unless `from <= to <= units` and `units > 0`.
///
/// # Safety
/// `minor_out` points to room for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_money_telescope(
    total: i64,
    from: u64,
    to: u64,
    units: u64,
    minor_out: *mut i64,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let out = Place::new(minor_out, "minor_out")?;
            out.put(telescope(total, from, to, units)?);
            Ok(())
        })
    }
}
