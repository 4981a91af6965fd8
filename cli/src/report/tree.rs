//! The people below one distributor, in rings around the middle.

// Where a dot stands on the page is geometry, not money.
#![allow(clippy::float_arithmetic)]

use super::svg::{Width, both_widths, drawing};
use super::words::{amount, escape};
use fenrun::money::Currency;
use std::f64::consts::{FRAC_PI_2, PI, TAU};

/// With more names than this, they would lie upon each other.
const MOST_NAMES: usize = 36;
/// How far out the rings are, in parts of the whole: the paid levels have the room.
const RINGS: [f64; 4] = [0.0, 0.44, 0.8, 1.0];
/// The outermost ring.
pub(super) const DEEPEST: usize = RINGS.len() - 1;

/// Somebody in the tree. Whoever invited them stands before them in the list; the first is the middle.
pub(super) struct Person {
    /// What to call them.
    pub(super) name: String,
    /// The place of their inviter in the list; their own place for the middle.
    pub(super) inviter: usize,
    /// Steps from the middle.
    pub(super) depth: usize,
    /// What stands for the distributor from their purchases, in minor units.
    pub(super) minor: i64,
}

/// A place in polar coordinates; the angle runs clockwise from the top.
#[derive(Clone, Copy)]
struct Place {
    radius: f64,
    angle: f64,
}

/// Draws the rings; those invited by one person stand clockwise in the order of the list.
pub(super) fn tree(people: &[Person], currency: Currency) -> String {
    let angles = angles(people);
    both_widths(|width| Disc { people, angles: &angles, currency, width }.draw())
}

/// Every leaf gets the same angle, everybody else the middle of those below.
fn angles(people: &[Person]) -> Vec<f64> {
    let mut leaves = vec![0_usize; people.len()];
    for at in (0..people.len()).rev() {
        leaves[at] = leaves[at].max(1);
        if people[at].inviter != at {
            leaves[people[at].inviter] += leaves[at];
        }
    }
    let step = TAU / number(leaves.first().copied().unwrap_or(1).max(1));
    let mut next = vec![0_usize; people.len()];
    let mut angles = vec![0.0; people.len()];
    for at in 0..people.len() {
        let inviter = people[at].inviter;
        let first = if inviter == at { 0 } else { next[inviter] };
        if inviter != at {
            next[inviter] += leaves[at];
        }
        next[at] = first;
        angles[at] = step * (number(first) + number(leaves[at]) / 2.0);
    }
    angles
}

struct Disc<'a> {
    people: &'a [Person],
    angles: &'a [f64],
    currency: Currency,
    width: Width,
}

impl Disc<'_> {
    fn draw(&self) -> String {
        let ring = |nth: usize| {
            let (middle, radius) = (self.middle(), self.radius(nth));
            format!("<circle class=\"ring\" cx=\"{middle:.1}\" cy=\"{middle:.1}\" r=\"{radius:.1}\"/>")
        };
        let rings: String = (1..=DEEPEST).map(ring).collect();
        let most = self.people.iter().map(|person| person.minor).max().unwrap_or(0).max(1);
        let paid = self.people.iter().filter(|person| person.minor > 0).count();
        let named = self.width == Width::Screen && paid <= MOST_NAMES;
        let (mut links, mut dots, mut names) = (String::new(), String::new(), String::new());
        for (at, person) in self.people.iter().enumerate().skip(1) {
            let place = Place { radius: self.radius(person.depth), angle: self.angles[at] };
            let from = Place { radius: self.radius(person.depth - 1), angle: self.angles[person.inviter] };
            links.push_str(&self.link(from, place));
            let size = if person.depth < DEEPEST { self.size(person.minor, most) } else { 2.0 };
            dots.push_str(&self.dot(person, place, size));
            if named && person.minor > 0 {
                names.push_str(&self.name(person, place, size));
            }
        }
        let centre = self.centre();
        let side = self.side();
        let body = format!("{rings}<g class=\"links\">{links}</g>{dots}{names}{centre}");
        drawing(side, side, "the tree under the top distributor", &body)
    }

    /// The side of the drawing in tenths.
    const fn side(&self) -> i64 {
        match self.width {
            Width::Screen => 8_000,
            Width::Phone => Width::Phone.tenths(),
        }
    }

    /// The middle, and half of the side.
    fn middle(&self) -> f64 {
        number(usize::try_from(self.side()).unwrap_or(0)) / 20.0
    }

    fn radius(&self, ring: usize) -> f64 {
        let margin = if self.width == Width::Screen { 46.0 } else { 10.0 };
        (self.middle() - margin) * RINGS.get(ring).copied().unwrap_or(1.0)
    }

    fn point(&self, place: Place) -> (f64, f64) {
        let angle = place.angle - FRAC_PI_2;
        (self.middle() + place.radius * angle.cos(), self.middle() + place.radius * angle.sin())
    }

    fn link(&self, from: Place, to: Place) -> String {
        // The middle has no direction of its own: a link from there is straight.
        let from = if from.radius > 0.0 { from } else { Place { angle: to.angle, ..from } };
        let bend = f64::midpoint(from.radius, to.radius);
        let places = [from, Place { radius: bend, ..from }, Place { radius: bend, ..to }, to];
        let [from, first, second, to] =
            places.map(|place| self.point(place)).map(|(x, y)| format!("{x:.1} {y:.1}"));
        format!("<path d=\"M{from}C{first} {second} {to}\"/>")
    }

    /// The radius of a dot: its area says how much.
    fn size(&self, minor: i64, most: i64) -> f64 {
        let part = |value: i64| number(usize::try_from(value.max(0)).unwrap_or(0));
        let scale = if self.width == Width::Screen { 1.0 } else { 0.6 };
        scale * (3.0 + 15.0 * (part(minor) / part(most)).sqrt())
    }

    fn dot(&self, person: &Person, place: Place, size: f64) -> String {
        let class = match person.depth {
            1 | 2 if person.minor <= 0 => "hollow",
            1 => "jade",
            2 => "second",
            _ => "unpaid",
        };
        let (x, y) = self.point(place);
        let title = format!("{} · {}", escape(&person.name), amount(person.minor, self.currency));
        format!(
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{size:.1}\"><title>{title}</title></circle>"
        )
    }

    /// Name and amount: under a dot of the inner ring, on the outer side of the others.
    fn name(&self, person: &Person, place: Place, size: f64) -> String {
        let (x, y) = self.point(place);
        let (anchor, x, y) = match (person.depth, place.angle < PI) {
            (1, _) => ("middle", x, y + size + 14.0),
            (_, true) => ("start", x + size + 5.0, y + 4.0),
            (_, false) => ("end", x - size - 5.0, y + 4.0),
        };
        let money = amount(person.minor, self.currency);
        let text = format!("<tspan class=\"who\">{}</tspan> {money}", escape(&person.name));
        format!("<text text-anchor=\"{anchor}\" x=\"{x:.1}\" y=\"{y:.1}\">{text}</text>")
    }

    fn centre(&self) -> String {
        let name = self.people.first().map_or("", |person| person.name.as_str());
        let middle = self.middle();
        let (radius, class) = if self.width == Width::Screen { (30.0, "") } else { (20.0, " small") };
        format!(
            "<circle class=\"centre\" cx=\"{middle:.1}\" cy=\"{middle:.1}\" r=\"{radius}\"/>\
             <text class=\"centre-name{class}\" x=\"{middle:.1}\" y=\"{:.1}\">{}</text>",
            middle + radius / 6.0,
            escape(name)
        )
    }
}

fn number(value: usize) -> f64 {
    f64::from(u32::try_from(value).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people() -> Vec<Person> {
        let person = |inviter, depth, minor| Person { name: "<7>".into(), inviter, depth, minor };
        vec![
            person(0, 0, 0),
            person(0, 1, 0),
            person(1, 2, 100),
            person(1, 2, 25),
            person(0, 1, 7),
            person(4, 2, 0),
        ]
    }

    #[test]
    fn leaves_share_the_circle() {
        let degrees: Vec<f64> = angles(&people()).iter().map(|angle| (angle * 180.0 / PI).round()).collect();
        assert_eq!(degrees, [180.0, 120.0, 60.0, 180.0, 300.0, 300.0]);
    }

    #[test]
    fn everybody_gets_a_dot_on_both_drawings() {
        let drawn = tree(&people(), Currency::USD);
        assert_eq!(drawn.matches("<title>").count(), 10);
        assert_eq!(drawn.matches("class=\"hollow\"").count(), 4);
        assert!(drawn.contains("&lt;7&gt;") && !drawn.contains("NaN"));
        assert!(!tree(&people()[..1], Currency::USD).contains("<title>"));
    }
}
