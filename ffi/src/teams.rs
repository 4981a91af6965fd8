//! Teams: who stands below whom.

use crate::args::{Place, Places, handle, slice};
use crate::call::{call, free};
use crate::error::fenrun_error;
use crate::forest::fenrun_forest;
use fenrun_capi::Teams;

/// The teams of a forest as it stood when they were asked for. Immutable: share freely.
pub struct fenrun_teams(Teams);

/// Makes the teams of a forest as it stands, in two sweeps over all members: worth it for more than a few questions.
/// The forest may change and be freed afterwards; teams stay as they are.
///
/// # Safety
/// `forest` is a living forest, `teams_out` points to room for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_teams_new(
    forest: *const fenrun_forest,
    teams_out: *mut *mut fenrun_teams,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let forest = handle(forest, "forest")?;
            let out = Place::new(teams_out, "teams_out")?;
            let forest = forest.0.read(|rows| Ok(rows.snapshot()))?;
            out.put(Box::into_raw(Box::new(fenrun_teams(Teams::of(forest)))));
            Ok(())
        })
    }
}

/// Frees teams; null is fine.
///
/// # Safety
/// `teams` is null or came from this library and was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_teams_free(teams: *mut fenrun_teams) {
    // SAFETY: the caller keeps the promise above.
    unsafe { free(teams) };
}

/// Whether one member stands above another one, however far: `yes_out` is 1 then. Nobody is above themselves.
///
/// Errors: `FENRUN_UNKNOWN_MEMBER`.
///
/// # Safety
/// `teams` is living, `yes_out` points to room for a byte.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_teams_is_above(
    teams: *const fenrun_teams,
    above: u64,
    below: u64,
    yes_out: *mut u8,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let teams = handle(teams, "teams")?;
            let out = Place::new(yes_out, "yes_out")?;
            out.put(u8::from(teams.0.is_above(above, below)?));
            Ok(())
        })
    }
}

/// How many steps below its root a member stands; 0 for a root.
///
/// Errors: `FENRUN_UNKNOWN_MEMBER`.
///
/// # Safety
/// `teams` is living, `depth_out` points to room for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_teams_depth(
    teams: *const fenrun_teams,
    member: u64,
    depth_out: *mut u32,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let teams = handle(teams, "teams")?;
            let out = Place::new(depth_out, "depth_out")?;
            out.put(teams.0.depth(member)?);
            Ok(())
        })
    }
}

/// How many people stand below a member; all members for 0.
///
/// Errors: `FENRUN_UNKNOWN_MEMBER`.
///
/// # Safety
/// `teams` is living, `size_out` points to room for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_teams_size(
    teams: *const fenrun_teams,
    member: u64,
    size_out: *mut usize,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let teams = handle(teams, "teams")?;
            let out = Place::new(size_out, "size_out")?;
            out.put(teams.0.size(member)?);
            Ok(())
        })
    }
}

/// A page of the team of a member, after so many of it and at most `capacity`: each inviter before those they
/// invited, and those of one inviter in join order. All members for 0. `len_out` says how many were written.
///
/// Errors: `FENRUN_UNKNOWN_MEMBER`.
///
/// # Safety
/// `teams` is living, `ids_out` points to room for `capacity` ids, `len_out` for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_teams_page(
    teams: *const fenrun_teams,
    member: u64,
    after: usize,
    ids_out: *mut u64,
    capacity: usize,
    len_out: *mut usize,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let teams = handle(teams, "teams")?;
            let ids_out = Places::new(ids_out, capacity, "ids_out")?;
            let len_out = Place::new(len_out, "len_out")?;
            len_out.put(ids_out.fill(teams.0.page(member, after)?));
            Ok(())
        })
    }
}

/// Who stands directly below a member, in join order, after so many of them and at most `capacity`; who has no
/// inviter for 0. `len_out` says how many were written.
///
/// Errors: `FENRUN_UNKNOWN_MEMBER`.
///
/// # Safety
/// As `fenrun_teams_page`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_teams_below(
    teams: *const fenrun_teams,
    member: u64,
    after: usize,
    ids_out: *mut u64,
    capacity: usize,
    len_out: *mut usize,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let teams = handle(teams, "teams")?;
            let ids_out = Places::new(ids_out, capacity, "ids_out")?;
            let len_out = Place::new(len_out, "len_out")?;
            len_out.put(ids_out.fill(teams.0.below(member, after)?));
            Ok(())
        })
    }
}

/// How many people stand one, two, three … steps below a member; for 0 how many have no inviter, and so on. At most
/// `capacity` are written, the nearest; `len_out` says how many there are.
///
/// Errors: `FENRUN_UNKNOWN_MEMBER`.
///
/// # Safety
/// `teams` is living, `counts_out` points to room for `capacity` numbers, `len_out` for one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_teams_generations(
    teams: *const fenrun_teams,
    member: u64,
    counts_out: *mut u64,
    capacity: usize,
    len_out: *mut usize,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let teams = handle(teams, "teams")?;
            let counts_out = Places::new(counts_out, capacity, "counts_out")?;
            let len_out = Place::new(len_out, "len_out")?;
            let generations = teams.0.generations(member)?;
            len_out.put(generations.len());
            counts_out.fill(generations.into_iter());
            Ok(())
        })
    }
}

/// What each member and everybody below them have together: both columns in the order of `fenrun_forest_members`.
/// One sweep makes them all, exactly.
///
/// Errors: `FENRUN_LENGTH_MISMATCH`, `FENRUN_OVERFLOW` for a sum that does not fit 64 bits.
///
/// # Safety
/// `forest` is a living forest, `own` points to `len` amounts, `sums_out` to room for `len` amounts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_forest_team_volumes(
    forest: *const fenrun_forest,
    own: *const i64,
    len: usize,
    sums_out: *mut i64,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let forest = handle(forest, "forest")?;
            let own = slice(own, len, "own")?;
            let out = Places::new(sums_out, len, "sums_out")?;
            out.copy(&forest.0.read(|rows| rows.team_volumes(own))?);
            Ok(())
        })
    }
}
