//! One sale, and any operation as a document: no forest, store or file.

use crate::args::{Place, handle, text};
use crate::buffer::fenrun_buffer;
use crate::call::call;
use crate::error::fenrun_error;
use crate::plan::fenrun_plan;
use std::ffi::c_char;

/// Settles one sale, given as JSON with its own upline.
///
/// `outcome_out` gets `{ pool, rows, retained, … }` as JSON: each row with its `key` (32 hex digits, the
/// same in every language and version: put a unique index on it), `payee`, `amount` in minor units,
/// `rule`, `line` and `level`. `frozen_out` gets what a reversal will need, text to keep beside the order;
/// it may be null.
///
/// In an upline, null, 0 and an empty text mean nobody and end it. Where a map belongs, an empty list is an
/// empty map.
///
/// Errors: codes 201 to 205 and 301 to 303 name the key, the value and the rule.
///
/// # Safety
/// `plan` is a living plan, `sale` points to `sale_len` bytes, `outcome_out` to a buffer, `frozen_out` to
/// another or is null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_settle_one(
    plan: *const fenrun_plan,
    sale: *const c_char,
    sale_len: usize,
    outcome_out: *mut fenrun_buffer,
    frozen_out: *mut fenrun_buffer,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let plan = handle(plan, "plan")?;
            let sale = text(sale, sale_len, "sale")?;
            let outcome = Place::new(outcome_out, "outcome_out")?;
            let frozen = match frozen_out.is_null() {
                true => None,
                false => Some(Place::new(frozen_out, "frozen_out")?),
            };
            let settled = fenrun_capi::settle_one(plan.0.plan(), sale)?;
            outcome.put(settled.outcome.into());
            if let Some(frozen) = frozen {
                frozen.put(settled.frozen.into());
            }
            Ok(())
        })
    }
}

/// Reverses one refund of a frozen sale; the plan is not needed any more.
///
/// `refund` is `{"id", "lines": [{"line", "units", "amount"}]}`, `before` the JSON list of the refunds that
/// came before it, of the same form (null when there were none); where your journal holds something else
/// than the earlier reversals left, add `"standing": [{"rule", "payee", "account", "amount"}]` to the
/// refund. `reversal_out` gets `{ rows, left, retained_change }`: rows with `key`, `payee`,
/// `amount` (normally below zero), `rule` and `account`, what stands afterwards, and what the retained
/// part changes by. The rows of any sequence of refunds that takes everything back cancel the
/// outcome exactly.
///
/// Errors: `FENRUN_INVALID_FROZEN`, `FENRUN_OVER_REVERSED` (also for a refund that stands in `before`, or
/// twice in it), `FENRUN_UNKNOWN_LINE`.
///
/// # Safety
/// `frozen`, `before` and `refund` point to as many bytes as their lengths say, `reversal_out` to a buffer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_reverse(
    frozen: *const c_char,
    frozen_len: usize,
    before: *const c_char,
    before_len: usize,
    refund: *const c_char,
    refund_len: usize,
    reversal_out: *mut fenrun_buffer,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let frozen = text(frozen, frozen_len, "frozen")?;
            let before = text(before, before_len, "before")?;
            let refund = text(refund, refund_len, "refund")?;
            let out = Place::new(reversal_out, "reversal_out")?;
            out.put(fenrun_capi::reverse(frozen, before, refund)?.into());
            Ok(())
        })
    }
}

/// Runs any operation of `vectors/README.md` by its name: JSON in, JSON out. `plan` may be null for
/// operations that need none.
///
/// Errors: what the operation refuses; `FENRUN_UNKNOWN_WORD` lists the operations.
///
/// # Safety
/// `operation` and `input` point to as many bytes as their lengths say, `plan` is a living plan or null,
/// `answer_out` points to a buffer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_run(
    operation: *const c_char,
    operation_len: usize,
    plan: *const fenrun_plan,
    input: *const c_char,
    input_len: usize,
    answer_out: *mut fenrun_buffer,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let operation = text(operation, operation_len, "operation")?;
            let plan = match plan.is_null() {
                true => None,
                false => Some(handle(plan, "plan")?.0.plan()),
            };
            let input = text(input, input_len, "input")?;
            let out = Place::new(answer_out, "answer_out")?;
            out.put(fenrun_capi::run(operation, plan, input)?.into());
            Ok(())
        })
    }
}
