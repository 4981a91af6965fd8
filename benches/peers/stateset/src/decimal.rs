//! A cart as one writes it with `rust_decimal`: prices, promotions one after the other, each discount and the
//! shipping shared over the lines by largest remainders, to the cent.

use rust_decimal::{Decimal, RoundingStrategy};

/// A promotion of the whole cart.
pub(crate) enum Off {
    Rate(Decimal),
    Fixed(Decimal),
}

/// What is bought, and what is taken off; amounts in whole units with two decimals.
pub(crate) struct DecimalCart {
    pub(crate) lines: Vec<(Decimal, u64)>,
    pub(crate) promotions: Vec<Off>,
    pub(crate) least: Decimal,
    pub(crate) shipping: Decimal,
}

/// What the buyer pays: in all, and for each line its goods and its shipping.
pub(crate) struct DecimalPrice {
    pub(crate) total: Decimal,
    pub(crate) lines: Vec<(Decimal, Decimal)>,
}

impl DecimalCart {
    pub(crate) fn price(&self) -> DecimalPrice {
        let mut nets: Vec<Decimal> =
            self.lines.iter().map(|(price, units)| price * Decimal::from(*units)).collect();
        for promotion in &self.promotions {
            let sum: Decimal = nets.iter().sum();
            if sum < self.least {
                continue;
            }
            let off = match promotion {
                Off::Rate(rate) => {
                    (sum * rate).round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
                }
                Off::Fixed(off) => *off.min(&sum),
            };
            let shares = shares(off, &nets, sum);
            for (net, share) in nets.iter_mut().zip(shares) {
                *net -= share;
            }
        }
        let sum: Decimal = nets.iter().sum();
        let shipping = shares(self.shipping, &nets, sum);
        DecimalPrice { total: sum + self.shipping, lines: nets.into_iter().zip(shipping).collect() }
    }
}

/// The total by weights: all cents that are sure, then one more for those who miss most of one.
fn shares(total: Decimal, weights: &[Decimal], sum: Decimal) -> Vec<Decimal> {
    let mut rests = Vec::with_capacity(weights.len());
    let mut shares = Vec::with_capacity(weights.len());
    for (at, weight) in weights.iter().enumerate() {
        let exact = total * weight / sum;
        let share = exact.trunc_with_scale(2);
        rests.push((exact - share, at));
        shares.push(share);
    }
    let cent = Decimal::new(1, 2);
    let mut missing = total - shares.iter().sum::<Decimal>();
    rests.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, at) in rests {
        if missing < cent {
            break;
        }
        shares[at] += cent;
        missing -= cent;
    }
    shares
}
