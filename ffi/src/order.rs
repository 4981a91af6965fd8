//! One order: JSON commands in, JSON events and state out.

use crate::args::{Place, handle, text};
use crate::buffer::fenrun_buffer;
use crate::call::{call, free};
use crate::error::fenrun_error;
use crate::exclusive::Exclusive;
use fenrun_capi::fenrun::trade::order::OrderStream;
use std::ffi::c_char;

/// An order with its log. One thread at a time: a call that meets another returns
/// `FENRUN_INVALID_ARGUMENT`.
pub struct fenrun_order(Exclusive<OrderStream>);

/// An order to which nothing has happened. `tenant` is empty for a host with one shop.
///
/// Errors: `FENRUN_INVALID_ID`.
///
/// # Safety
/// `tenant` and `order_id` point to as many bytes as their lengths say, `order_out` to room for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_order_new(
    tenant: *const c_char,
    tenant_len: usize,
    order_id: *const c_char,
    order_id_len: usize,
    order_out: *mut *mut fenrun_order,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let tenant = text(tenant, tenant_len, "tenant")?;
            let order_id = text(order_id, order_id_len, "order_id")?;
            let out = Place::new(order_out, "order_out")?;
            let order = OrderStream::new(tenant, order_id)?;
            out.put(Box::into_raw(Box::new(fenrun_order(Exclusive::new(order)))));
            Ok(())
        })
    }
}

/// An order from its log, one event a line, as `fenrun_order_events` writes it.
///
/// Errors: `FENRUN_INVALID_EVENT`, or what is wrong with a line, with its index.
///
/// # Safety
/// `log` points to `log_len` bytes, `order_out` to room for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_order_replay(
    log: *const c_char,
    log_len: usize,
    order_out: *mut *mut fenrun_order,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let log = text(log, log_len, "log")?;
            let out = Place::new(order_out, "order_out")?;
            let order = fenrun_capi::replay(log)?;
            out.put(Box::into_raw(Box::new(fenrun_order(Exclusive::new(order)))));
            Ok(())
        })
    }
}

/// Frees an order; null is fine.
///
/// # Safety
/// `order` is null or came from this library and was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_order_free(order: *mut fenrun_order) {
    // SAFETY: the caller keeps the promise above.
    unsafe { free(order) };
}

/// Applies a command: `{"order_id", "command_id", "now", "actor", "command": {"<name>": {…}}}`, with an
/// optional `tenant` and `expected_version`.
///
/// `answer_out` gets `{ events, order, repeat }`: the events to store, the new state, and whether the same
/// command came before, when nothing happens and the events are those of the first time. A rejected
/// command leaves the order as it was.
///
/// Errors: `FENRUN_NOT_ALLOWED`, `FENRUN_VERSION_CONFLICT`, `FENRUN_IDEMPOTENCY_CONFLICT`,
/// `FENRUN_OVER_REFUND` and the other codes from 501 on, or what is wrong with the document.
///
/// # Safety
/// `order` is living, `command` points to `command_len` bytes, `answer_out` to a buffer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_order_apply(
    order: *mut fenrun_order,
    command: *const c_char,
    command_len: usize,
    answer_out: *mut fenrun_buffer,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let order = handle(order, "order")?;
            let command = text(command, command_len, "command")?;
            let out = Place::new(answer_out, "answer_out")?;
            out.put(order.0.with(|order| fenrun_capi::apply(order, command))?.into());
            Ok(())
        })
    }
}

/// The state of an order as JSON.
///
/// # Safety
/// `order` is living, `state_out` points to a buffer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_order_state(
    order: *const fenrun_order,
    state_out: *mut fenrun_buffer,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let order = handle(order, "order")?;
            let out = Place::new(state_out, "state_out")?;
            out.put(order.0.with(|order| Ok(fenrun_capi::state(order)))?.into());
            Ok(())
        })
    }
}

/// The log of an order, one event a line, without the first `from` events.
///
/// # Safety
/// `order` is living, `log_out` points to a buffer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_order_events(
    order: *const fenrun_order,
    from: u64,
    log_out: *mut fenrun_buffer,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let order = handle(order, "order")?;
            let out = Place::new(log_out, "log_out")?;
            out.put(order.0.with(|order| Ok(fenrun_capi::events(order, from)))?.into());
            Ok(())
        })
    }
}

/// The sale of a placed order as JSON: what `fenrun_settle_one` takes.
///
/// Errors: `FENRUN_INVALID_SALE` before placement, or when the order was placed without a buyer.
///
/// # Safety
/// `order` is living, `sale_out` points to a buffer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_order_sale(
    order: *const fenrun_order,
    sale_out: *mut fenrun_buffer,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let order = handle(order, "order")?;
            let out = Place::new(sale_out, "sale_out")?;
            out.put(order.0.with(|order| fenrun_capi::sale(order))?.into());
            Ok(())
        })
    }
}
