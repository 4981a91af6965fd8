//! The modes of money as numbers: a C enum has no fixed size, so `int32_t` comes in and is checked.

use fenrun::money::{AllocationMode, Rounding};
use fenrun::{Code, Error, Result};

/// The rounding mode with this number, counted in the order of [`Rounding::ALL`].
///
/// # Errors
/// [`Code::UnknownWord`].
pub fn rounding(number: i32) -> Result<Rounding> {
    let mode = usize::try_from(number).ok().and_then(|at| Rounding::ALL.get(at)).copied();
    mode.ok_or_else(|| Error::new(Code::UnknownWord, format!("{number} is not a rounding mode; 0 to 9 are")))
}

/// The allocation mode with this number; `share_rounding` is read by `LastTakesRest` alone.
///
/// # Errors
/// [`Code::UnknownWord`].
pub fn allocation_mode(number: i32, share_rounding: i32) -> Result<AllocationMode> {
    let at = usize::try_from(number).unwrap_or(usize::MAX);
    let takes_rest =
        matches!(AllocationMode::numbered(at, Rounding::Floor), Some(AllocationMode::LastTakesRest(_)));
    let share_round = if takes_rest { rounding(share_rounding)? } else { Rounding::Floor };
    AllocationMode::numbered(at, share_round).ok_or_else(|| {
        let message = format!("{number} is not an allocation mode; 0 to 4 are");
        Error::new(Code::UnknownWord, message)
    })
}

#[cfg(test)]
mod tests {
    use super::{allocation_mode, rounding};
    use fenrun::money::{AllocationMode, Rounding};

    /// The numbers are part of the ABI: they never change.
    #[test]
    fn numbers_stand_for_these_modes() {
        let names = [
            "down",
            "up",
            "floor",
            "ceil",
            "half_to_zero",
            "half_away",
            "half_even",
            "half_odd",
            "half_floor",
            "half_ceil",
        ];
        for (number, name) in (0..).zip(names) {
            assert_eq!(rounding(number).unwrap(), Rounding::parse(name).unwrap());
        }
        assert!(rounding(-1).is_err() && rounding(10).is_err());
        let modes =
            ["largest_remainder", "first_shares", "last_takes_rest", "largest_weight_first", "first_keys"];
        for (number, name) in (0..).zip(modes) {
            let parsed = AllocationMode::parse(name, Some(Rounding::Floor)).unwrap();
            assert_eq!(allocation_mode(number, 2).unwrap(), parsed);
        }
        assert!(allocation_mode(5, 0).is_err() && allocation_mode(2, 99).is_err());
    }
}
