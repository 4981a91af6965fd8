//! Hashes that chain what was recorded, so that it can be neither changed nor cut short unseen.

use sha2::{Digest, Sha256};

/// The hash of one thing and of everything before it; the first follows on zeros.
pub(crate) type Chain = [u8; 32];

/// The next link of a chain. Each part goes in with its length, so that no two lists of parts read the same.
pub(crate) fn link(previous: &Chain, parts: &[&[u8]]) -> Chain {
    let mut hasher = Sha256::new();
    hasher.update(previous);
    for part in parts {
        hasher.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hasher.update(part);
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_and_what_came_before_counts() {
        let start = Chain::default();
        let links = [
            link(&start, &[]),
            link(&start, &[b""]),
            link(&start, &[b"ab", b"c"]),
            link(&start, &[b"a", b"bc"]),
            link(&start, &[b"abc"]),
            link(&link(&start, &[]), &[b"abc"]),
        ];
        for (at, one) in links.iter().enumerate() {
            assert!(links[..at].iter().all(|other| other != one), "link {at} repeats another");
        }
    }
}
