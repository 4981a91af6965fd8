//! What customers send back.

use crate::draw::{Draw, Topic};
use crate::growth::check;
use fenrun::Result;
use fenrun::money::Rate;

/// When something is sent back, seen from the settlement of the commission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Moment {
    /// Within the after-sale window: commission is still pending.
    BeforeSettlement,
    /// Later: commission is confirmed.
    AfterSettlement,
}

/// A part of a purchase that comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SentBack {
    /// When.
    pub moment: Moment,
    /// The line's place in the purchase.
    pub line: usize,
    /// How many of its units; 0 when money is given back and the units are kept.
    pub units: u64,
    /// How much money, when `units` is 0.
    pub minor: i64,
}

/// A model of partial refunds.
///
/// A purchase is refunded in part with the chance `share`, half of these before settlement and half after.
/// One line is drawn, among those with money on them. When the purchase has other units than the line's
/// first, some units of it come back, at least one and never the whole purchase; a purchase of one unit
/// keeps it and gets back between one minor unit and one less than its price. A purchase for nothing, or
/// for one minor unit, is not refunded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refunds {
    seed: u64,
    share: Rate,
}

impl Refunds {
    /// A model that refunds this share of purchases.
    ///
    /// # Errors
    /// [`fenrun::Code::InvalidValue`] for a share above 100 %.
    pub fn new(seed: u64, share: Rate) -> Result<Self> {
        check("share", share)?;
        Ok(Self { seed, share })
    }

    /// The share of purchases that are refunded in part.
    #[must_use]
    pub const fn share(&self) -> Rate {
        self.share
    }

    /// What comes back of purchase `index`, given units and money of its lines; usually nothing.
    #[must_use]
    pub fn of(&self, index: u64, lines: &[(u64, i64)]) -> Option<SentBack> {
        let mut draw = Draw::new(self.seed, Topic::Refund, index);
        if !draw.chance(self.share) {
            return None;
        }
        let moment = if draw.below(2) == 0 { Moment::BeforeSettlement } else { Moment::AfterSettlement };
        let priced: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].1 > 0).collect();
        let nth = usize::try_from(draw.below(u64::try_from(priced.len()).ok()?)).ok()?;
        let line = *priced.get(nth)?;
        let (units, minor) = lines[line];
        let others = lines.iter().map(|(units, _)| *units).sum::<u64>() - units;
        let returnable = if others > 0 { units } else { units - 1 };
        if returnable > 0 {
            return Some(SentBack { moment, line, units: 1 + draw.below(returnable), minor: 0 });
        }
        let most = u64::try_from(minor - 1).ok().filter(|most| *most > 0)?;
        let minor = i64::try_from(1 + draw.below(most)).ok()?;
        Some(SentBack { moment, line, units: 0, minor })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_per_cent_of_many() {
        let refunds = Refunds::new(1, "3%".parse().unwrap()).unwrap();
        let drawn: Vec<_> = (0..100_000).filter_map(|index| refunds.of(index, &[(2, 500)])).collect();
        // 3,000 expected, standard deviation 54.
        assert!((2_730..3_270).contains(&drawn.len()), "{}", drawn.len());
        let before = drawn.iter().filter(|sent| sent.moment == Moment::BeforeSettlement).count();
        assert!((1_300..1_700).contains(&before), "{before}");
        assert!(drawn.iter().all(|sent| sent.units == 1));
    }

    #[test]
    fn what_cannot_be_refunded_in_part_is_not() {
        let all = Refunds::new(1, Rate::ONE).unwrap();
        for index in 0..100 {
            assert_eq!(all.of(index, &[(1, 0)]), None);
            assert_eq!(all.of(index, &[(1, 1)]), None);
            let sent = all.of(index, &[(1, 2)]).unwrap();
            assert_eq!((sent.units, sent.minor), (0, 1));
            assert_eq!(all.of(index, &[(3, 0), (1, 1177)]).unwrap().line, 1);
        }
        assert!(Refunds::new(1, "101%".parse().unwrap()).is_err());
    }
}
