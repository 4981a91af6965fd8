//! Who attaches to whom.

use crate::draw::{Draw, Topic};
use fenrun::money::Rate;
use fenrun::{Code, Error, Result};

/// A growth model: each new customer attaches to an earlier one, or to nobody.
///
/// Customer `k` (counted from 0) finds `k` customers. With the chance `alone`, and always for `k = 0`, it
/// joins alone. Otherwise, with the chance `preferential`, it attaches to customer `i` with the weight
/// `1 + invited(i)`, where `invited(i)` is how many `i` has brought so far; else to any of the `k` with
/// equal weight:
///
/// ```text
/// P(k → i) = (1 − alone) · ( preferential · (1 + invited(i)) / Σⱼ (1 + invited(j)) + (1 − preferential) / k )
/// ```
///
/// `preferential = 0` is the uniform random recursive tree, `preferential = 1` the plane-oriented one, whose
/// number of invitations falls off like a power law. Source: R. T. Smythe and H. M. Mahmoud, "A survey of
/// recursive trees", Theory of Probability and Mathematical Statistics 51 (1995).
///
/// ```
/// use fenrun_sim::Growth;
/// let growth = Growth::new(7, "5%".parse()?, "1/2".parse()?)?;
/// let parents = growth.parents(1000);
/// assert_eq!(parents[0], None);
/// assert!(parents.iter().enumerate().all(|(k, parent)| parent.is_none_or(|i| i < k)));
/// # Ok::<(), fenrun::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth {
    seed: u64,
    alone: Rate,
    preferential: Rate,
}

impl Growth {
    /// A model with its two chances.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] for a chance above 100 %.
    pub fn new(seed: u64, alone: Rate, preferential: Rate) -> Result<Self> {
        check("alone", alone)?;
        check("preferential", preferential)?;
        Ok(Self { seed, alone, preferential })
    }

    /// The chance of joining alone.
    #[must_use]
    pub const fn alone(&self) -> Rate {
        self.alone
    }

    /// The chance of choosing by the number of people somebody has brought.
    #[must_use]
    pub const fn preferential(&self) -> Rate {
        self.preferential
    }

    /// The inviter of each of `members` customers in the order they join.
    #[must_use]
    pub fn parents(&self, members: usize) -> Vec<Option<usize>> {
        let mut parents = Vec::with_capacity(members);
        // One ticket for being there and one for every person brought: a ticket drawn at random is a
        // customer drawn by weight.
        let mut tickets: Vec<usize> = Vec::with_capacity(members.saturating_mul(2));
        for customer in 0..members {
            let parent = self.parent(customer, &tickets);
            tickets.push(customer);
            tickets.extend(parent);
            parents.push(parent);
        }
        parents
    }

    fn parent(&self, customer: usize, tickets: &[usize]) -> Option<usize> {
        let wide = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        let mut draw = Draw::new(self.seed, Topic::Growth, wide(customer));
        if customer == 0 || draw.chance(self.alone) {
            return None;
        }
        if draw.chance(self.preferential) {
            let ticket = usize::try_from(draw.below(wide(tickets.len()))).ok()?;
            return tickets.get(ticket).copied();
        }
        usize::try_from(draw.below(wide(customer))).ok()
    }
}

/// Which of `members` customers agreed to be a distributor: each with the same chance, whatever they bought
/// and whomever they brought.
///
/// # Errors
/// [`Code::InvalidValue`] for a chance above 100 %.
pub fn distributors(seed: u64, chance: Rate, members: usize) -> Result<Vec<bool>> {
    check("distributors", chance)?;
    let indices = (0_u64..).take(members);
    Ok(indices.map(|index| Draw::new(seed, Topic::Distributor, index).chance(chance)).collect())
}

pub(crate) fn check(name: &str, chance: Rate) -> Result<()> {
    if chance > Rate::ONE {
        return Err(Error::new(
            Code::InvalidValue,
            format!("`{name}` is {chance}; a chance is at most 100%"),
        ));
    }
    Ok(())
}
