//! How evenly commission is spread.

use super::svg::{drawing, line, px, text};
use super::words::ratio;

/// What a number of people hold together, poorest first.
pub(super) struct Spread {
    /// Ascending.
    values: Vec<i64>,
    /// The sum of all values before each place, and of all at the end.
    sums: Vec<i128>,
}

impl Spread {
    /// The holdings of some people, and of others who hold nothing.
    pub(super) fn new(holdings: impl Iterator<Item = i64>, others: usize) -> Self {
        let mut values = vec![0; others];
        values.extend(holdings.map(|value| value.max(0)));
        values.sort_unstable();
        let mut sums = vec![0_i128];
        for value in &values {
            sums.push(sums[sums.len() - 1] + i128::from(*value));
        }
        Self { values, sums }
    }

    /// How many people.
    pub(super) fn people(&self) -> usize {
        self.values.len()
    }

    fn total(&self) -> i128 {
        self.sums[self.sums.len() - 1]
    }

    /// The Gini coefficient in thousandths, computed in integers and rounded once:
    /// `(2 · Σ i·xᵢ − (n + 1) · Σ xᵢ) / (n · Σ xᵢ)`, with x ascending and i from 1.
    pub(super) fn gini_thousandths(&self) -> i128 {
        let n = i128::try_from(self.people()).unwrap_or(i128::MAX);
        let below = n * self.total();
        if below == 0 {
            return 0;
        }
        let weighted: i128 = (1_i128..).zip(&self.values).map(|(i, value)| i * i128::from(*value)).sum();
        let above = 2 * weighted - (n + 1) * self.total();
        (2 * above * 1000 + below) / (2 * below)
    }

    /// The coefficient as text: `0.512`.
    pub(super) fn gini(&self) -> String {
        let thousandths = self.gini_thousandths();
        format!("{}.{:03}", thousandths / 1000, thousandths % 1000)
    }

    /// The share of the people at the top that holds half, in tenths of a per cent.
    pub(super) fn half_held_by(&self) -> i64 {
        let half = self.total() - self.total() / 2;
        let poorer = self.sums.partition_point(|sum| *sum <= self.total() - half);
        let richer = self.people() - poorer.saturating_sub(1);
        let wide = |value: usize| i64::try_from(value).unwrap_or(i64::MAX);
        ratio(wide(richer), wide(self.people()), 1000)
    }

    /// The curve as points in a square of this size.
    fn points(&self, size: i64) -> Vec<(i64, i64)> {
        let steps = self.people().clamp(1, 240);
        let point = |step: usize| {
            let at = self.people() * step / steps;
            let y = self.sums[at] * i128::from(size) / self.total().max(1);
            (
                size * i64::try_from(step).unwrap_or(0) / i64::try_from(steps).unwrap_or(1),
                i64::try_from(y).unwrap_or(0),
            )
        };
        (0..=steps).map(point).collect()
    }
}

const SIZE: i64 = 3_000;
const LEFT: i64 = 400;
const TOP: i64 = 60;

/// Two curves in one square: those who earned, and everybody.
pub(super) fn lorenz(earners: &Spread, everybody: &Spread) -> String {
    let mut body = String::new();
    for quarter in 0..=4 {
        let at = SIZE * quarter / 4;
        let class = if quarter == 0 { "axis" } else { "grid" };
        body.push_str(&line(class, (LEFT, TOP + SIZE - at), (LEFT + SIZE, TOP + SIZE - at)));
        let label = format!("{}%", quarter * 25);
        body.push_str(&text("class=\"tick end\"", (LEFT - 70, TOP + SIZE - at + 40), &label));
        let anchor = if quarter == 4 { "tick end" } else { "tick mid" };
        if quarter > 0 {
            body.push_str(&text(&format!("class=\"{anchor}\""), (LEFT + at, TOP + SIZE + 180), &label));
        }
    }
    body.push_str(&line("even", (LEFT, TOP + SIZE), (LEFT + SIZE, TOP)));
    let path = |points: Vec<(i64, i64)>| {
        let steps = points.iter().map(|(x, y)| format!("{} {}", px(LEFT + x), px(TOP + SIZE - y)));
        steps.collect::<Vec<_>>().join("L")
    };
    let curve = path(earners.points(SIZE));
    body.push_str(&format!("<path class=\"fill\" d=\"M{curve}Z\"/><path class=\"curve\" d=\"M{curve}\"/>"));
    body.push_str(&format!("<path class=\"curve everybody\" d=\"M{}\"/>", path(everybody.points(SIZE))));
    drawing(LEFT + SIZE + 40, TOP + SIZE + 240, "Lorenz curves of commission", &body)
}

#[cfg(test)]
mod tests {
    use super::Spread;

    #[test]
    fn gini_of_known_spreads() {
        let gini = |values: &[i64], others| Spread::new(values.iter().copied(), others).gini();
        assert_eq!(gini(&[5, 5, 5, 5], 0), "0.000");
        assert_eq!(gini(&[1], 999), "0.999");
        // 1, 2, 3, 4: (2 · 30 − 5 · 10) / (4 · 10).
        assert_eq!(gini(&[4, 2, 1, 3], 0), "0.250");
        assert_eq!(gini(&[], 3), "0.000");
        assert_eq!(gini(&[], 0), "0.000");
    }

    #[test]
    fn half_is_held_by_the_top() {
        assert_eq!(Spread::new([10, 0, 0, 0].into_iter(), 0).half_held_by(), 250);
        assert_eq!(Spread::new([1; 10].into_iter(), 0).half_held_by(), 500);
    }

    #[test]
    fn a_curve_runs_from_corner_to_corner_below_the_diagonal() {
        let points = Spread::new((1..=1000).map(|value| value * value), 50).points(3000);
        assert_eq!((points[0], points[points.len() - 1]), ((0, 0), (3000, 3000)));
        assert!(points.windows(2).all(|pair| pair[0].1 <= pair[1].1));
        assert!(points.iter().all(|(x, y)| y <= x));
    }
}
