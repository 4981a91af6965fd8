//! Counter-based random integers.

use fenrun::money::Rate;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// What is drawn; each has a key of its own, so models with one seed do not see each other's numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Topic {
    Growth,
    Distributor,
    Refund,
}

/// The random integers of one index.
pub(crate) struct Draw(ChaCha8Rng);

impl Draw {
    pub(crate) fn new(seed: u64, topic: Topic, index: u64) -> Self {
        let mut key = [0_u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8] = match topic {
            Topic::Growth => 1,
            Topic::Distributor => 2,
            Topic::Refund => 3,
        };
        let mut stream = ChaCha8Rng::from_seed(key);
        stream.set_stream(index);
        Self(stream)
    }

    /// A whole number below `bound`, each as likely as the others; 0 when `bound` is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        if bound < 2 {
            return 0;
        }
        // The numbers above the last whole multiple of `bound` would favour small results.
        let multiples = u64::MAX - u64::MAX % bound;
        loop {
            let drawn = self.0.next_u64();
            if drawn < multiples {
                return drawn % bound;
            }
        }
    }

    /// True in exactly this share of all draws.
    pub(crate) fn chance(&mut self, share: Rate) -> bool {
        self.below(share.denominator()) < share.numerator()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_depends_on_seed_topic_and_index_alone() {
        let first = |seed, topic, index| Draw::new(seed, topic, index).below(u64::MAX);
        assert_eq!(first(1, Topic::Growth, 5), first(1, Topic::Growth, 5));
        assert_ne!(first(1, Topic::Growth, 5), first(2, Topic::Growth, 5));
        assert_ne!(first(1, Topic::Growth, 5), first(1, Topic::Refund, 5));
        assert_ne!(first(1, Topic::Growth, 5), first(1, Topic::Growth, 6));
    }

    #[test]
    fn certain_and_impossible() {
        let mut draw = Draw::new(1, Topic::Growth, 0);
        assert!((0..100).all(|_| draw.chance(Rate::ONE)));
        assert!((0..100).all(|_| !draw.chance(Rate::ZERO)));
        assert_eq!((draw.below(0), draw.below(1)), (0, 0));
    }

    #[test]
    fn no_number_is_favoured() {
        let mut counts = [0_u32; 7];
        for index in 0..70_000 {
            counts[usize::try_from(Draw::new(3, Topic::Growth, index).below(7)).unwrap()] += 1;
        }
        // 10,000 expected, standard deviation 93: five of them either way.
        assert!(counts.iter().all(|count| (9_537..10_463).contains(count)), "{counts:?}");
    }
}
