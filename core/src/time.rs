//! Time is always an argument: milliseconds since 1970-01-01 UTC.

use std::fmt;

/// A moment in milliseconds of UTC, leap seconds left out as POSIX does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Timestamp(i64);

/// Milliseconds of one day.
pub const DAY_MS: i64 = 86_400_000;

impl Timestamp {
    /// From milliseconds since 1970-01-01 UTC.
    #[must_use]
    pub const fn from_ms(ms: i64) -> Self {
        Self(ms)
    }

    /// Milliseconds since 1970-01-01 UTC.
    #[must_use]
    pub const fn ms(self) -> i64 {
        self.0
    }

    /// This moment and a number of days, saturating at the ends of time.
    #[must_use]
    pub const fn plus_days(self, days: u32) -> Self {
        // A u32 always fits an i64; there is no const conversion for it yet.
        #[allow(clippy::as_conversions)]
        Self(self.0.saturating_add((days as i64).saturating_mul(DAY_MS)))
    }

    /// The days since 1970-01-01 of the calendar day this moment falls on at a fixed offset of minutes.
    #[must_use]
    pub fn day_at(self, utc_offset_minutes: i32) -> i64 {
        self.0.saturating_add(i64::from(utc_offset_minutes) * 60_000).div_euclid(DAY_MS)
    }
}

impl fmt::Display for Timestamp {
    /// `1997-01-31T00:00:00.000Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, ms) = (self.0.div_euclid(DAY_MS), self.0.rem_euclid(DAY_MS));
        let (year, month, day) = civil_from_days(days);
        let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", ms % 1000)
    }
}

/// Year, month and day of a count of days since 1970-01-01 (proleptic Gregorian).
///
/// Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", 2013.
#[must_use]
pub const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days.saturating_add(719_468);
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

/// Days since 1970-01-01 of a date of the proleptic Gregorian calendar, the inverse of
/// [`civil_from_days`].
#[must_use]
pub const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calendar_round_trips() {
        for days in (-800_000..800_000).step_by(97) {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, month, day), days);
        }
        assert_eq!(civil_from_days(0), (1970, 1, 1));
        assert_eq!(days_from_civil(1997, 1, 1), 9862);
        assert_eq!(Timestamp::from_ms(852_076_800_001).to_string(), "1997-01-01T00:00:00.001Z");
    }

    #[test]
    fn a_day_belongs_to_its_offset() {
        let late = Timestamp::from_ms(9862 * DAY_MS - 1);
        assert_eq!(late.day_at(0), 9861);
        assert_eq!(late.day_at(480), 9862);
    }
}
