//! Stores that go to memory past the caches.
//!
//! Rows of a large batch are written once and read much later, if at all by the same core. Ordinary stores
//! read every line before they write it and push the forest, which every order reads, out of the caches;
//! streaming stores do neither. They are weakly ordered: another thread may see them late, until [`fence`].

/// Copies `from` to `to`, which is as long. Nobody may read or free `to` before a [`fence`].
pub(crate) fn copy<T: bytemuck::Pod>(to: &mut [T], from: &[T]) {
    let (to, from) = (bytemuck::cast_slice_mut::<T, u8>(to), bytemuck::cast_slice::<T, u8>(from));
    // Only whole lines: a part of one would be written, and paid for, as if it were whole.
    let lead = to.as_ptr().align_offset(LINE);
    if to.len() < lead + LINE {
        return to.copy_from_slice(from);
    }
    let whole = (to.len() - lead) / LINE * LINE;
    let (head, to) = to.split_at_mut(lead);
    let (lines, tail) = to.split_at_mut(whole);
    let (first, from) = from.split_at(lead);
    let (middle, last) = from.split_at(whole);
    head.copy_from_slice(first);
    copy_lines(lines, middle);
    tail.copy_from_slice(last);
}

/// A line of the caches of every 64-bit x86.
const LINE: usize = 64;

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "no safe way to ask for streaming stores")]
fn copy_lines(to: &mut [u8], from: &[u8]) {
    use std::arch::x86_64::{__m128i, _mm_stream_si128};
    let quarters = bytemuck::cast_slice_mut::<u8, __m128i>(to);
    for (quarter, bytes) in quarters.iter_mut().zip(from.chunks_exact(size_of::<__m128i>())) {
        let value = bytemuck::pod_read_unaligned(bytes);
        // SAFETY: `quarter` is a valid place for these 16 bytes, aligned as its type asks, and ours alone; every
        // 64-bit x86 has SSE2. `streamed` fences before anybody reads them or their memory goes.
        unsafe { _mm_stream_si128(quarter, value) };
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn copy_lines(to: &mut [u8], from: &[u8]) {
    to.copy_from_slice(from);
}

/// Waits for this thread's streaming stores: what it tells other threads from now on is told after them.
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "the fence that streaming stores need")]
pub(crate) fn fence() {
    // SAFETY: every 64-bit x86 has SSE.
    unsafe { std::arch::x86_64::_mm_sfence() };
}

#[cfg(not(target_arch = "x86_64"))]
pub(crate) const fn fence() {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every start and end within a line, and what stands before and behind.
    #[test]
    fn copies_what_it_is_given_and_nothing_else() {
        let from: Vec<u8> = (0..=255).cycle().take(400).collect();
        for start in 0..LINE + 1 {
            for len in (0..=LINE + 1).chain(2 * LINE - 1..2 * LINE + 2).chain([300]) {
                let mut to = vec![7_u8; 400];
                copy(&mut to[start..start + len], &from[start / 2..start / 2 + len]);
                fence();
                assert!(to[..start].iter().chain(&to[start + len..]).all(|byte| *byte == 7));
                assert_eq!(to[start..start + len], from[start / 2..start / 2 + len], "{start} {len}");
            }
        }
        let mut wide = [0_i64; 40];
        let values: Vec<i64> = (-20..20).collect();
        copy(&mut wide, &values);
        fence();
        assert_eq!(wide[..], values[..]);
    }
}
