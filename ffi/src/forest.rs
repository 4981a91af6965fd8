//! The referral forest.

use crate::args::{Place, Places, handle, refused, slice, text, texts};
use crate::buffer::fenrun_buffer;
use crate::call::{call, free};
use crate::error::fenrun_error;
use crate::exclusive::Shared;
use fenrun_capi::RowForest;
use fenrun_capi::fenrun::Result;
use fenrun_capi::fenrun::doc::{MAX_DOCUMENT_BYTES, Node, read_json};
use fenrun_capi::fenrun::reward::referral::MemberIx;
use fenrun_capi::fenrun::time::Timestamp;
use std::ffi::c_char;

/// Who invited whom. One thread at a time: calls that only read may overlap, and a call that meets a
/// change in another thread returns `FENRUN_INVALID_ARGUMENT`.
pub struct fenrun_forest(pub(crate) Shared<RowForest>);

/// Builds a forest from two columns of ids below 2^63; an inviter of 0 is nobody. Rows may come in any
/// order.
///
/// Errors, with the index of the row: `FENRUN_CYCLE`, `FENRUN_UNKNOWN_MEMBER`, `FENRUN_DUPLICATE_MEMBER`,
/// `FENRUN_SELF_REFERRAL`, `FENRUN_INVALID_ID`.
///
/// # Safety
/// `members` and `inviters` point to `len` ids each, `forest_out` to room for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_forest_new(
    members: *const u64,
    inviters: *const u64,
    len: usize,
    forest_out: *mut *mut fenrun_forest,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let members = slice(members, len, "members")?;
            let inviters = slice(inviters, len, "inviters")?;
            let out = Place::new(forest_out, "forest_out")?;
            let forest = RowForest::new(members, inviters)?;
            out.put(Box::into_raw(Box::new(fenrun_forest(Shared::new(forest)))));
            Ok(())
        })
    }
}

/// Builds a forest whose ids are texts of up to 64 bytes; an inviter that is empty or `0` is nobody. Rows may come in
/// any order.
///
/// A column of texts is all of them one behind the other, and where each ends: text i begins where the one before
/// it ends. Inside, members are the numbers of their rows, from 1: that is what calls with a `uint64_t` take and
/// give, and `fenrun_forest_find_all` and `fenrun_forest_ids` lead to and fro.
///
/// Errors: as `fenrun_forest_new`.
///
/// # Safety
/// `member_ends` and `inviter_ends` point to `len` numbers, `members` and `inviters` to as many bytes as the last
/// of theirs says, `forest_out` to room for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_forest_new_texts(
    members: *const c_char,
    member_ends: *const u64,
    inviters: *const c_char,
    inviter_ends: *const u64,
    len: usize,
    forest_out: *mut *mut fenrun_forest,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let members = texts(members, member_ends, len, "member")?;
            let inviters = texts(inviters, inviter_ends, len, "inviter")?;
            let out = Place::new(forest_out, "forest_out")?;
            let forest = RowForest::of_texts(&members, &inviters)?;
            out.put(Box::into_raw(Box::new(fenrun_forest(Shared::new(forest)))));
            Ok(())
        })
    }
}

/// Opens a saved forest: one file that all workers of a host map, so it costs nothing at start. Joins and
/// binds then go into its journal, behind those of other processes, and are on disk when the call returns;
/// `FENRUN_FOREST_LOCKED` says that another process has been writing for seconds. Columns stand in join order.
///
/// Errors: `FENRUN_FILE`, `FENRUN_NOT_A_FOREST`, `FENRUN_NEWER_FOREST`, `FENRUN_DAMAGED_FOREST`,
/// `FENRUN_STALE_FOREST` for a journal that follows a later save.
///
/// # Safety
/// `path` points to `path_len` bytes, `forest_out` to room for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_forest_open(
    path: *const c_char,
    path_len: usize,
    forest_out: *mut *mut fenrun_forest,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let path = text(path, path_len, "path")?;
            let out = Place::new(forest_out, "forest_out")?;
            let forest = RowForest::open(path)?;
            out.put(Box::into_raw(Box::new(fenrun_forest(Shared::new(forest)))));
            Ok(())
        })
    }
}

/// Saves a forest as one file, which appears when it is complete, and starts its journal. The forest goes on
/// in memory: open the file to follow it.
///
/// Errors: `FENRUN_FILE`, `FENRUN_FOREST_LOCKED`; `FENRUN_STALE_FOREST` over the file it was opened from, when
/// that or its journal holds what the forest has not.
///
/// # Safety
/// `forest` is a living forest, `path` points to `path_len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_forest_save(
    forest: *const fenrun_forest,
    path: *const c_char,
    path_len: usize,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let forest = handle(forest, "forest")?;
            let path = text(path, path_len, "path")?;
            forest.0.read(|rows| rows.save(path))
        })
    }
}

/// Makes the changes that other processes put into the journal since; `changed_out` is 1 when there were any.
///
/// Errors: `FENRUN_STALE_FOREST` when the forest was saved anew: open it again. `FENRUN_DAMAGED_FOREST`,
/// `FENRUN_FILE`; `FENRUN_INVALID_ARGUMENT` for a forest that was not opened.
///
/// # Safety
/// `forest` is a living forest, `changed_out` points to room for a byte.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_forest_catch_up(
    forest: *mut fenrun_forest,
    changed_out: *mut u8,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let forest = handle(forest, "forest")?;
            let out = Place::new(changed_out, "changed_out")?;
            out.put(u8::from(forest.0.write(|rows| rows.catch_up())?));
            Ok(())
        })
    }
}

/// Whether the forest was saved anew since it was opened: `stale_out` is 1 then.
///
/// Errors: `FENRUN_FILE`, `FENRUN_NOT_A_FOREST` for what stands there by now; `FENRUN_INVALID_ARGUMENT` for a
/// forest that was not opened.
///
/// # Safety
/// `forest` is a living forest, `stale_out` points to room for a byte.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_forest_is_stale(
    forest: *const fenrun_forest,
    stale_out: *mut u8,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let forest = handle(forest, "forest")?;
            let out = Place::new(stale_out, "stale_out")?;
            out.put(u8::from(forest.0.read(|rows| rows.is_stale())?));
            Ok(())
        })
    }
}

/// Frees a forest; null is fine. Rows that were settled over it stay valid.
///
/// # Safety
/// `forest` is null or came from this library and was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_forest_free(forest: *mut fenrun_forest) {
    // SAFETY: the caller keeps the promise above.
    unsafe { free(forest) };
}

/// How many members there are.
///
/// # Safety
/// `forest` is a living forest, `len_out` points to room for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_forest_len(
    forest: *const fenrun_forest,
    len_out: *mut usize,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let forest = handle(forest, "forest")?;
            let out = Place::new(len_out, "len_out")?;
            out.put(forest.0.read(|rows| Ok(rows.forest().len()))?);
            Ok(())
        })
    }
}

/// All members, in the order in which columns such as that of `fenrun_forest_set_flag` stand; `capacity` must be at
/// least the number of members, `fenrun_forest_len`.
///
/// # Safety
/// `forest` is a living forest, `members_out` points to room for `capacity` ids.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_forest_members(
    forest: *const fenrun_forest,
    members_out: *mut u64,
    capacity: usize,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let forest = handle(forest, "forest")?;
            let out = Places::new(members_out, capacity, "members_out")?;
            forest.0.read(|rows| {
                out.need(rows.forest().len())?;
                out.fill(rows.members());
                Ok(())
            })
        })
    }
}

/// The handles of ids, for batches that are settled often: dense numbers from 1 that never change. They are those of
/// now: an order of before a merge is settled by the id of its buyer.
///
/// Errors: `FENRUN_UNKNOWN_MEMBER` with the index of the first id that is not here.
///
/// # Safety
/// `forest` is a living forest, `ids` points to `len` ids, `handles_out` to room for `len` handles.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_forest_resolve(
    forest: *const fenrun_forest,
    ids: *const u64,
    len: usize,
    handles_out: *mut u32,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let forest = handle(forest, "forest")?;
            let ids = slice(ids, len, "ids")?;
            let out = Places::new(handles_out, len, "handles_out")?;
            forest.0.read(|rows| {
                match ids {
                    [id] => out.copy(&[rows.handle(*id)?.get()]),
                    _ => drop(out.fill(rows.forest().resolve(ids)?.into_iter().map(MemberIx::get))),
                }
                Ok(())
            })
        })
    }
}

/// A new member below `inviter`, or below nobody when it is 0. They have no rank and state no fact until columns are
/// set again for all: a rule that asks for one is refused with `FENRUN_MISSING_FACT` where it meets them.
///
/// Errors: as `fenrun_forest_new`.
///
/// # Safety
/// `forest` is a living forest.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_forest_join(
    forest: *mut fenrun_forest,
    member: u64,
    inviter: u64,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe { call(err, || handle(forest, "forest")?.0.write(|rows| rows.join(member, inviter))) }
}

/// Gives an upline to a member who has none.
///
/// Errors: `FENRUN_ALREADY_BOUND`, `FENRUN_CYCLE`, `FENRUN_SELF_REFERRAL`, `FENRUN_UNKNOWN_MEMBER`.
///
/// # Safety
/// `forest` is a living forest.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_forest_bind(
    forest: *mut fenrun_forest,
    member: u64,
    inviter: u64,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe { call(err, || handle(forest, "forest")?.0.write(|rows| rows.bind(member, inviter))) }
}

/// Makes a change given as JSON: `{"join": [member, inviter]}`, `bind`, `rebind`, `{"unbind": member}`,
/// `{"merge": [kept, gone]}`, `{"close": member, "downline": "stay"}` or `"roll_up"`, each with or without `from`
/// in milliseconds since 1970. Ids are those of the host, texts in a forest of texts. In a forest that was opened
/// the change is on disk when the call returns.
///
/// Errors: those of the change, `FENRUN_UNKNOWN_WORD`, `FENRUN_FILE`, `FENRUN_FOREST_LOCKED`,
/// `FENRUN_STALE_FOREST`, `FENRUN_DAMAGED_FOREST`.
///
/// # Safety
/// `forest` is a living forest, `change` points to `change_len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_forest_append(
    forest: *mut fenrun_forest,
    change: *const c_char,
    change_len: usize,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let forest = handle(forest, "forest")?;
            let change = read_json(text(change, change_len, "change")?, MAX_DOCUMENT_BYTES)?;
            forest.0.write(|rows| rows.change_by(&change))
        })
    }
}

/// The number of a member under an id as the host writes it: in a forest whose ids are texts its other calls take
/// and give these numbers.
///
/// Errors: `FENRUN_UNKNOWN_MEMBER`.
///
/// # Safety
/// `forest` is a living forest, `id` points to `id_len` bytes, `member_out` to room for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_forest_find(
    forest: *const fenrun_forest,
    id: *const c_char,
    id_len: usize,
    member_out: *mut u64,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let forest = handle(forest, "forest")?;
            let id = text(id, id_len, "id")?;
            let out = Place::new(member_out, "member_out")?;
            out.put(forest.0.read(|rows| rows.find(id))?);
            Ok(())
        })
    }
}

/// The id of a member as the host writes it: the text of a number, see `fenrun_forest_find`.
///
/// Errors: `FENRUN_UNKNOWN_MEMBER`.
///
/// # Safety
/// `forest` is a living forest, `id_out` points to a buffer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_forest_id(
    forest: *const fenrun_forest,
    member: u64,
    id_out: *mut fenrun_buffer,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let forest = handle(forest, "forest")?;
            let out = Place::new(id_out, "id_out")?;
            out.put(forest.0.read(|rows| rows.name(member))?.into());
            Ok(())
        })
    }
}

/// Whether the ids of the members are texts: `yes_out` is 1 then. A forest without members has none yet.
///
/// # Safety
/// `forest` is a living forest, `yes_out` points to room for a byte.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_forest_has_texts(
    forest: *const fenrun_forest,
    yes_out: *mut u8,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let forest = handle(forest, "forest")?;
            let out = Place::new(yes_out, "yes_out")?;
            out.put(u8::from(forest.0.read(|rows| Ok(rows.forest().has_texts()))?));
            Ok(())
        })
    }
}

/// `fenrun_forest_find` for many ids at once, a column of texts as `fenrun_forest_new_texts` takes it: the buyers of
/// a batch, for instance. An account that was merged into another one keeps a number of its own, so that a batch with
/// `placed_at` knows which of the two an order of then was placed by.
///
/// Errors: `FENRUN_UNKNOWN_MEMBER` with the index of the first id that is not here.
///
/// # Safety
/// `forest` is a living forest, `id_ends` points to `len` numbers, `ids` to as many bytes as the last of them says,
/// `members_out` to room for `len` numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_forest_find_all(
    forest: *const fenrun_forest,
    ids: *const c_char,
    id_ends: *const u64,
    len: usize,
    members_out: *mut u64,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let forest = handle(forest, "forest")?;
            let ids = texts(ids, id_ends, len, "id")?;
            let out = Places::new(members_out, len, "members_out")?;
            out.fill(forest.0.read(|rows| rows.find_all(&ids))?.into_iter());
            Ok(())
        })
    }
}

/// `fenrun_forest_id` for many members at once: their ids one behind the other, and where each ends. The id of 0,
/// who is nobody, is empty.
///
/// Errors: `FENRUN_UNKNOWN_MEMBER` with the index of the first number that is not here.
///
/// # Safety
/// `forest` is a living forest, `members` points to `len` numbers, `ids_out` to a buffer, `ends_out` to room for
/// `len` numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_forest_ids(
    forest: *const fenrun_forest,
    members: *const u64,
    len: usize,
    ids_out: *mut fenrun_buffer,
    ends_out: *mut u64,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let forest = handle(forest, "forest")?;
            let ask = Names::new(members, len, ids_out, ends_out)?;
            let names = forest.0.read(|rows| fenrun_capi::names(rows.forest(), ask.members))?;
            ask.answer(names);
            Ok(())
        })
    }
}

/// Members whose ids are asked for, and the places for them.
pub(crate) struct Names<'a> {
    pub(crate) members: &'a [u64],
    ids: Place<'a, fenrun_buffer>,
    ends: Places<'a, u64>,
}

impl Names<'_> {
    /// Checks the pointers.
    ///
    /// # Safety
    /// As [`fenrun_forest_ids`].
    pub(crate) unsafe fn new(
        members: *const u64,
        len: usize,
        ids_out: *mut fenrun_buffer,
        ends_out: *mut u64,
    ) -> Result<Self> {
        // SAFETY: the caller keeps the promises above.
        unsafe {
            Ok(Self {
                members: slice(members, len, "members")?,
                ids: Place::new(ids_out, "ids_out")?,
                ends: Places::new(ends_out, len, "ends_out")?,
            })
        }
    }

    /// Writes the ids and where they end.
    pub(crate) fn answer(self, (ids, ends): (String, Vec<u64>)) {
        self.ids.put(ids.into());
        self.ends.fill(ends.into_iter());
    }
}

/// The ancestors of a member, nearest first, at most `capacity` of them; `len_out` says how many.
///
/// Errors: `FENRUN_UNKNOWN_MEMBER`.
///
/// # Safety
/// `forest` is a living forest, `ids_out` points to room for `capacity` ids, `len_out` for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_forest_upline(
    forest: *const fenrun_forest,
    member: u64,
    ids_out: *mut u64,
    capacity: usize,
    len_out: *mut usize,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let forest = handle(forest, "forest")?;
            let ids_out = Places::new(ids_out, capacity, "ids_out")?;
            let len_out = Place::new(len_out, "len_out")?;
            forest.0.read(|rows| {
                len_out.put(ids_out.fill(rows.upline(member)?));
                Ok(())
            })
        })
    }
}

/// `fenrun_forest_upline` as it was at a moment, in milliseconds of UTC: that of the account the member named then,
/// which may have been merged into another one since.
///
/// Errors: `FENRUN_UNKNOWN_MEMBER`.
///
/// # Safety
/// As `fenrun_forest_upline`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_forest_upline_at(
    forest: *const fenrun_forest,
    member: u64,
    at: i64,
    ids_out: *mut u64,
    capacity: usize,
    len_out: *mut usize,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let forest = handle(forest, "forest")?;
            let ids_out = Places::new(ids_out, capacity, "ids_out")?;
            let len_out = Place::new(len_out, "len_out")?;
            forest.0.read(|rows| {
                len_out.put(ids_out.fill(rows.upline_at(member, Timestamp::from_ms(at))?));
                Ok(())
            })
        })
    }
}

/// Every inviter a member had, oldest first: from when on, in milliseconds of UTC, and who; 0 is nobody. The first
/// one counts since always, which is `INT64_MIN`. Of an account that was merged into another one it is its own history.
///
/// At most `capacity` are written, the oldest of them; `len_out` says how many there are.
///
/// Errors: `FENRUN_UNKNOWN_MEMBER`.
///
/// # Safety
/// `forest` is a living forest, `from_out` and `inviters_out` point to room for `capacity` numbers each, `len_out`
/// for one.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_forest_history(
    forest: *const fenrun_forest,
    member: u64,
    from_out: *mut i64,
    inviters_out: *mut u64,
    capacity: usize,
    len_out: *mut usize,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let forest = handle(forest, "forest")?;
            let from_out = Places::new(from_out, capacity, "from_out")?;
            let inviters_out = Places::new(inviters_out, capacity, "inviters_out")?;
            let len_out = Place::new(len_out, "len_out")?;
            let history = forest.0.read(|rows| rows.history(member))?;
            from_out.fill(history.iter().map(|(from, _)| from.map_or(i64::MIN, Timestamp::ms)));
            inviters_out.fill(history.iter().map(|(_, inviter)| *inviter));
            len_out.put(history.len());
            Ok(())
        })
    }
}

/// Sets a fact that is true or false for every member: 1 or 0, in the order of `fenrun_forest_members`, which is that
/// of the rows the forest was made from, and then of the calls of `fenrun_forest_join`; join order where it was opened.
///
/// Errors: `FENRUN_LENGTH_MISMATCH`, `FENRUN_INVALID_VALUE` with the index of the row.
///
/// # Safety
/// `forest` is a living forest, `name` points to `name_len` bytes, `values` to `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_forest_set_flag(
    forest: *mut fenrun_forest,
    name: *const c_char,
    name_len: usize,
    values: *const u8,
    len: usize,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let forest = handle(forest, "forest")?;
            let name = text(name, name_len, "name")?;
            let values = slice(values, len, "values")?;
            forest.0.write(|rows| rows.set_flags(name, values))
        })
    }
}

/// Sets a fact that is a whole number for every member, in the order of `fenrun_forest_set_flag`.
///
/// Errors: `FENRUN_LENGTH_MISMATCH`.
///
/// # Safety
/// `forest` is a living forest, `name` points to `name_len` bytes, `values` to `len` numbers.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_forest_set_number(
    forest: *mut fenrun_forest,
    name: *const c_char,
    name_len: usize,
    values: *const i64,
    len: usize,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let forest = handle(forest, "forest")?;
            let name = text(name, name_len, "name")?;
            let values = slice(values, len, "values")?;
            forest.0.write(|rows| rows.set_numbers(name, values))
        })
    }
}

/// Sets a fact that is text for every member, in the order of `fenrun_forest_set_flag`: the place of each
/// member's word, from 0, in `words`, a JSON list of texts.
///
/// Errors: `FENRUN_LENGTH_MISMATCH`, `FENRUN_INVALID_VALUE` with the index of the row.
///
/// # Safety
/// `forest` is a living forest, `name` and `words` point to as many bytes as their lengths say, `codes` to
/// `len` codes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_forest_set_text(
    forest: *mut fenrun_forest,
    name: *const c_char,
    name_len: usize,
    codes: *const u32,
    len: usize,
    words: *const c_char,
    words_len: usize,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let forest = handle(forest, "forest")?;
            let name = text(name, name_len, "name")?;
            let codes = slice(codes, len, "codes")?;
            let words = word_list(text(words, words_len, "words")?, "words")?;
            forest.0.write(|rows| rows.set_texts(name, codes, words))
        })
    }
}

/// Sets the rank of every member, in the order of `fenrun_forest_set_flag`: 0 for none, else the place,
/// from 1, in `names`, a JSON list of ranks, lowest first.
///
/// Errors: `FENRUN_LENGTH_MISMATCH`, `FENRUN_INVALID_VALUE` with the index of the row.
///
/// # Safety
/// `forest` is a living forest, `names` points to `names_len` bytes, `codes` to `len` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fenrun_forest_set_rank(
    forest: *mut fenrun_forest,
    codes: *const u8,
    len: usize,
    names: *const c_char,
    names_len: usize,
    err: *mut fenrun_error,
) -> i32 {
    // SAFETY: the caller keeps the promises above.
    unsafe {
        call(err, || {
            let forest = handle(forest, "forest")?;
            let codes = slice(codes, len, "codes")?;
            let names = word_list(text(names, names_len, "names")?, "names")?;
            forest.0.write(|rows| rows.set_ranks(&names, codes))
        })
    }
}

/// A JSON list of texts.
fn word_list(json: &str, name: &str) -> Result<Vec<String>> {
    let fault = || refused(name, "is not a JSON list of texts");
    match read_json(json, MAX_DOCUMENT_BYTES)? {
        Node::List(items) => {
            items.iter().map(|item| Ok(item.as_text().ok_or_else(fault)?.to_owned())).collect()
        }
        _ => Err(fault()),
    }
}
