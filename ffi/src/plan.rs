//! Plans.

use crate::args::{Place, handle, text};
use crate::buffer::fenrun_buffer;
use crate::call::{call, free};
use crate::error::fenrun_error;
use fenrun_capi::NamedPlan;
use fenrun_capi::fenrun::reward::plan::Plan;
use std::ffi::c_char;

/// A parsed and checked commission plan. Immutable: share freely.
pub struct fenrun_plan(pub(crate) NamedPlan);

/// Reads a plan from TOML or JSON (told apart by the first character that is no blank) and checks it.
///
/// Errors: codes 201 to 208 name the key, the value and the rule; a float is `FENRUN_SYNTAX`, a pay rate
/// above 100 % `FENRUN_PAYS_TOO_MUCH`, more than 1 MiB `FENRUN_TOO_LARGE`.
///
/// # Safety
/// `plan_text` points to `plan_text_len` bytes, `plan_out` to room for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_plan_new(
    plan_text: *const c_char,
    plan_text_len: usize,
    plan_out: *mut *mut fenrun_plan,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let source = text(plan_text, plan_text_len, "plan_text")?;
            let out = Place::new(plan_out, "plan_out")?;
            out.put(Box::into_raw(Box::new(fenrun_plan(Plan::parse(source)?.into()))));
            Ok(())
        })
    }
}

/// A plan that comes with the library, by name: `two_level`, `crmeb` …
///
/// Errors: `FENRUN_UNKNOWN_PRESET` lists the names.
///
/// # Safety
/// `name` points to `name_len` bytes, `plan_out` to room for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_plan_preset(
    name: *const c_char,
    name_len: usize,
    plan_out: *mut *mut fenrun_plan,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let name = text(name, name_len, "name")?;
            let out = Place::new(plan_out, "plan_out")?;
            out.put(Box::into_raw(Box::new(fenrun_plan(Plan::preset(name)?.into()))));
            Ok(())
        })
    }
}

/// Frees a plan; null is fine.
///
/// # Safety
/// `plan` is null or came from this library and was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_plan_free(plan: *mut fenrun_plan) {
    // SAFETY: the caller keeps the promise above.
    unsafe { free(plan) };
}

/// The identity of a plan: SHA-256 of its canonical JSON, 64 hex digits.
///
/// # Safety
/// `plan` is a living plan, `hash_out` points to a buffer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_plan_hash(
    plan: *const fenrun_plan,
    hash_out: *mut fenrun_buffer,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let plan = handle(plan, "plan")?;
            Place::new(hash_out, "hash_out")?.put(plan.0.plan().hash().to_owned().into());
            Ok(())
        })
    }
}

/// The canonical JSON of a plan: sorted keys, no blanks, defaults left out. Reading it back gives the same
/// plan.
///
/// # Safety
/// `plan` is a living plan, `json_out` points to a buffer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_plan_json(
    plan: *const fenrun_plan,
    json_out: *mut fenrun_buffer,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let plan = handle(plan, "plan")?;
            Place::new(json_out, "json_out")?.put(plan.0.plan().canonical().to_owned().into());
            Ok(())
        })
    }
}

/// What is proven of a plan, as JSON: the upper bound of payout ÷ base per rule and in total, warnings,
/// and what its author accepted.
///
/// # Safety
/// `plan` is a living plan, `report_out` points to a buffer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_plan_check(
    plan: *const fenrun_plan,
    report_out: *mut fenrun_buffer,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let plan = handle(plan, "plan")?;
            let out = Place::new(report_out, "report_out")?;
            out.put(fenrun_capi::check(plan.0.plan())?.into());
            Ok(())
        })
    }
}
