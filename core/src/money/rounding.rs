//! Rounding modes named without ambiguity: peers' `HALF_UP` disagree on negatives.

use super::MoneyError;

macro_rules! modes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        /// How an exact fraction becomes an integer.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Rounding { $($(#[$doc])* $name,)+ }

        impl Rounding {
            /// Every mode.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The name used in data.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

modes! {
    /// Toward zero.
    Down = "down",
    /// Away from zero.
    Up = "up",
    /// Toward minus infinity.
    Floor = "floor",
    /// Toward plus infinity.
    Ceil = "ceil",
    /// To the nearest; a half toward zero.
    HalfToZero = "half_to_zero",
    /// To the nearest; a half away from zero (四舍五入).
    HalfAway = "half_away",
    /// To the nearest; a half to the even neighbour.
    HalfEven = "half_even",
    /// To the nearest; a half to the odd neighbour.
    HalfOdd = "half_odd",
    /// To the nearest; a half toward minus infinity.
    HalfFloor = "half_floor",
    /// To the nearest; a half toward plus infinity.
    HalfCeil = "half_ceil",
}

impl Rounding {
    /// The mode with this name in data.
    ///
    /// # Errors
    /// [`MoneyError::UnknownWord`] lists the known names.
    pub fn parse(name: &str) -> Result<Self, MoneyError> {
        Self::ALL.iter().copied().find(|mode| mode.name() == name).ok_or_else(|| MoneyError::UnknownWord {
            word: name.into(),
            what: "a rounding mode",
            known: Self::ALL.iter().map(|mode| mode.name()).collect::<Vec<_>>().join(", "),
        })
    }

    /// Rounds `numerator / denominator` to an integer.
    ///
    /// # Panics
    /// Never for a positive denominator; a denominator of zero or less is treated as one, and debug
    /// builds assert against it.
    ///
    /// ```
    /// use fenrun::money::Rounding;
    /// assert_eq!(Rounding::HalfAway.divide(-5, 2), -3);
    /// assert_eq!(Rounding::HalfToZero.divide(-5, 2), -2);
    /// assert_eq!(Rounding::Down.divide(999, 1000), 0);
    /// ```
    #[must_use]
    pub fn divide(self, numerator: i128, denominator: i128) -> i128 {
        debug_assert!(denominator > 0, "a denominator is positive");
        let denominator = denominator.max(1);
        // Nearly all amounts fit 64 bits, where a division costs a fraction of one of 128.
        let (floor, rest) = match (i64::try_from(numerator), i64::try_from(denominator)) {
            (Ok(above), Ok(below)) => {
                (i128::from(above.div_euclid(below)), i128::from(above.rem_euclid(below)))
            }
            _ => (numerator.div_euclid(denominator), numerator.rem_euclid(denominator)),
        };
        if rest == 0 {
            return floor;
        }
        // `rest` against its complement says on which side of the half the fraction lies, without
        // doubling a number that may already fill 127 bits.
        let half = rest.cmp(&(denominator - rest));
        let negative = numerator < 0;
        let up = match self {
            Self::Floor => false,
            Self::Ceil => true,
            Self::Down => negative,
            Self::Up => !negative,
            Self::HalfFloor => half.is_gt(),
            Self::HalfCeil => half.is_ge(),
            Self::HalfToZero => half.is_gt() || (half.is_eq() && negative),
            Self::HalfAway => half.is_gt() || (half.is_eq() && !negative),
            Self::HalfEven => half.is_gt() || (half.is_eq() && floor & 1 != 0),
            Self::HalfOdd => half.is_gt() || (half.is_eq() && floor & 1 == 0),
        };
        floor + i128::from(up)
    }
}

#[cfg(test)]
mod tests {
    use super::Rounding;

    /// Signed halves and quarters around zero, for every mode, written by hand.
    #[test]
    fn table_of_modes() {
        let quarters = [-6, -5, -3, -2, -1, 1, 2, 3, 5, 6];
        let expected: [(Rounding, [i128; 10]); 10] = [
            (Rounding::Down, [-1, -1, 0, 0, 0, 0, 0, 0, 1, 1]),
            (Rounding::Up, [-2, -2, -1, -1, -1, 1, 1, 1, 2, 2]),
            (Rounding::Floor, [-2, -2, -1, -1, -1, 0, 0, 0, 1, 1]),
            (Rounding::Ceil, [-1, -1, 0, 0, 0, 1, 1, 1, 2, 2]),
            (Rounding::HalfToZero, [-1, -1, -1, 0, 0, 0, 0, 1, 1, 1]),
            (Rounding::HalfAway, [-2, -1, -1, -1, 0, 0, 1, 1, 1, 2]),
            (Rounding::HalfEven, [-2, -1, -1, 0, 0, 0, 0, 1, 1, 2]),
            (Rounding::HalfOdd, [-1, -1, -1, -1, 0, 0, 1, 1, 1, 1]),
            (Rounding::HalfFloor, [-2, -1, -1, -1, 0, 0, 0, 1, 1, 1]),
            (Rounding::HalfCeil, [-1, -1, -1, 0, 0, 0, 1, 1, 1, 2]),
        ];
        for (mode, row) in expected {
            for (quarter, wanted) in quarters.iter().zip(row) {
                assert_eq!(mode.divide(*quarter, 4), wanted, "{} of {quarter}/4", mode.name());
            }
        }
    }

    #[test]
    fn widest_fraction_does_not_overflow() {
        assert_eq!(Rounding::HalfAway.divide(i128::MAX, i128::MAX), 1);
        assert_eq!(Rounding::HalfEven.divide(i128::MAX - 1, i128::MAX), 1);
        assert_eq!(Rounding::HalfEven.divide(i128::MIN, 2), i128::MIN / 2);
    }

    #[test]
    fn names_round_trip() {
        for mode in Rounding::ALL {
            assert_eq!(Rounding::parse(mode.name()), Ok(*mode));
        }
        assert!(Rounding::parse("half_up").is_err());
    }
}
