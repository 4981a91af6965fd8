//! Arguments: pointers and lengths on one side, slices, texts and places on the other.

use fenrun_capi::fenrun::{Code, Error, Result};
use std::ffi::c_char;
use std::marker::PhantomData;

/// An argument that cannot be used.
#[cold]
pub(crate) fn refused(name: &str, rule: &str) -> Error {
    Error::new(Code::InvalidArgument, format!("argument `{name}` {rule}"))
}

/// Whether there may be `len` values: a pointer that is aligned, and no more than one allocation may be.
#[inline]
fn check<T>(pointer: *const T, len: usize, name: &str) -> Result<()> {
    let fits = len <= isize::MAX.unsigned_abs() / size_of::<T>().max(1);
    if pointer.is_null() | !pointer.is_aligned() | !fits {
        return Err(fault(pointer.is_null(), pointer.is_aligned(), len, name));
    }
    Ok(())
}

#[cold]
fn fault(null: bool, aligned: bool, len: usize, name: &str) -> Error {
    match (null, aligned) {
        (true, _) => refused(name, "is null"),
        (_, false) => refused(name, "is not aligned"),
        _ => refused(name, &format!("has {len} elements, more than memory can hold")),
    }
}

/// A borrowed array; null is fine when it is empty.
///
/// # Safety
/// `pointer` is null or points to `len` values that nobody writes during the call.
#[inline]
pub(crate) unsafe fn slice<'a, T>(pointer: *const T, len: usize, name: &str) -> Result<&'a [T]> {
    if len == 0 {
        return Ok(&[]);
    }
    check(pointer, len, name)?;
    // SAFETY: not null, aligned, small enough; the caller promises the rest.
    Ok(unsafe { std::slice::from_raw_parts(pointer, len) })
}

/// A borrowed array that may be missing: null is `None`.
///
/// # Safety
/// As [`slice`].
#[inline]
pub(crate) unsafe fn optional_slice<'a, T>(
    pointer: *const T,
    len: usize,
    name: &str,
) -> Result<Option<&'a [T]>> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: the caller promises what `slice` asks for.
    unsafe { slice(pointer, len, name) }.map(Some)
}

/// Borrowed UTF-8; null is fine when it is empty.
///
/// # Safety
/// As [`slice`].
pub(crate) unsafe fn text<'a>(pointer: *const c_char, len: usize, name: &str) -> Result<&'a str> {
    // SAFETY: the caller promises what `slice` asks for; a char is a byte.
    let bytes = unsafe { slice(pointer.cast::<u8>(), len, name) }?;
    std::str::from_utf8(bytes)
        .map_err(|error| refused(name, &format!("is not UTF-8 at byte {}", error.valid_up_to())))
}

/// Borrowed texts, one behind the other in `bytes`: each begins where the one before it ends.
///
/// # Safety
/// As [`slice`] for `len` ends, of which the last is the number of bytes.
pub(crate) unsafe fn texts<'a>(
    bytes: *const c_char,
    ends: *const u64,
    len: usize,
    name: &str,
) -> Result<Vec<&'a str>> {
    // SAFETY: the caller promises what `slice` asks for.
    let ends = unsafe { slice(ends, len, &format!("{name}_ends")) }?;
    let end = |at: usize| usize::try_from(ends[at]).unwrap_or(usize::MAX);
    if let Some(at) = (1..len).find(|at| ends[*at] < ends[*at - 1]) {
        return Err(refused(&format!("{name}_ends"), "ends before the text in front of it").at(at));
    }
    // SAFETY: as above.
    let whole = unsafe { text(bytes, len.checked_sub(1).map_or(0, end), name) }?;
    let part = |at: usize| {
        let start = at.checked_sub(1).map_or(0, end);
        let cut = || refused(&format!("{name}_ends"), "ends inside of a character").at(at);
        whole.get(start..end(at)).ok_or_else(cut)
    };
    (0..len).map(part).collect()
}

/// A handle we gave.
///
/// # Safety
/// `pointer` is null or came from the `_new` of its type and was not freed.
#[inline]
pub(crate) unsafe fn handle<'a, T>(pointer: *const T, name: &str) -> Result<&'a T> {
    check(pointer, 1, name)?;
    // SAFETY: not null, aligned, and alive as the caller promises.
    Ok(unsafe { &*pointer })
}

/// A place for one result, checked before the work and written after it.
pub(crate) struct Place<'a, T>(*mut T, PhantomData<&'a mut T>);

impl<T> Place<'_, T> {
    /// Checks the pointer.
    ///
    /// # Safety
    /// `pointer` is null or points to room for one value.
    #[inline]
    pub(crate) unsafe fn new(pointer: *mut T, name: &str) -> Result<Self> {
        check(pointer, 1, name)?;
        Ok(Self(pointer, PhantomData))
    }

    /// Writes the result; what was there is not dropped.
    #[inline]
    pub(crate) fn put(self, value: T) {
        // SAFETY: `new` checked the pointer and its caller promised the room.
        unsafe { self.0.write(value) };
    }
}

/// Room for an array of results.
pub(crate) struct Places<'a, T> {
    pointer: *mut T,
    len: usize,
    name: &'static str,
    room: PhantomData<&'a mut T>,
}

impl<T: Copy> Places<'_, T> {
    /// Checks the pointer; null is fine when there is no room.
    ///
    /// # Safety
    /// `pointer` is null or points to room for `len` values.
    #[inline]
    pub(crate) unsafe fn new(pointer: *mut T, len: usize, name: &'static str) -> Result<Self> {
        if len > 0 {
            check(pointer, len, name)?;
        }
        Ok(Self { pointer, len, name, room: PhantomData })
    }

    /// Whether `len` results fit; asked before anything is written.
    #[inline]
    pub(crate) fn need(&self, len: usize) -> Result<()> {
        if len > self.len {
            return Err(self.too_few(len));
        }
        Ok(())
    }

    #[cold]
    fn too_few(&self, len: usize) -> Error {
        refused(self.name, &format!("has room for {}, {len} are needed", self.len))
    }

    /// Writes results from the first place on, as far as there is room, and says how many it wrote.
    #[inline]
    pub(crate) fn fill(self, values: impl Iterator<Item = T>) -> usize {
        let mut written = 0;
        for value in values.take(self.len) {
            // SAFETY: `new` checked the pointer and its caller promised the room for `len` values.
            unsafe { self.pointer.add(written).write(value) };
            written += 1;
        }
        written
    }

    /// Writes results that lie side by side, as far as there is room.
    #[inline]
    pub(crate) fn copy(self, values: &[T]) {
        let len = values.len().min(self.len);
        if len > 0 {
            // SAFETY: as in `fill`, and what the library made overlaps no memory of the caller.
            unsafe { self.pointer.copy_from_nonoverlapping(values.as_ptr(), len) };
        }
    }
}
