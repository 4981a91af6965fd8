//! Which period a moment belongs to: days, weeks from Monday, months, at a fixed offset.

use crate::error::{Code, Error, Result};
use crate::reward::plan::Period;
use crate::time::{DAY_MS, Timestamp, civil_from_days, days_from_civil};
use std::fmt;

/// One day, week or month, named by its first day.
///
/// ```
/// use fenrun::reward::{period::PeriodKey, plan::Period};
/// use fenrun::time::Timestamp;
/// // 2026-10-31T16:00:00Z is midnight in Shanghai.
/// let midnight = Timestamp::from_ms(1_793_462_400_000);
/// assert_eq!(PeriodKey::of(Period::Month, midnight, 480).to_string(), "month/2026-11-01");
/// assert_eq!(PeriodKey::of(Period::Week, midnight, 480).to_string(), "week/2026-10-26");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PeriodKey {
    every: Period,
    first_day: i64,
}

impl PeriodKey {
    /// The period in which a moment falls at an offset of minutes from UTC.
    #[must_use]
    pub fn of(every: Period, at: Timestamp, utc_offset_minutes: i32) -> Self {
        Self::of_day(every, at.day_at(utc_offset_minutes))
    }

    fn of_day(every: Period, day: i64) -> Self {
        let first_day = match every {
            Period::Day => day,
            // 1970-01-01 was a Thursday.
            Period::Week => day - (day + 3).rem_euclid(7),
            Period::Month => {
                let (year, month, _) = civil_from_days(day);
                days_from_civil(year, month, 1)
            }
        };
        Self { every, first_day }
    }

    /// Reads `month/2026-11-01`; the day is the first of its period.
    ///
    /// # Errors
    /// [`Code::InvalidValue`] when it is no such text or another day of the period.
    pub fn parse(text: &str) -> Result<Self> {
        let fault = |rule: &str| Error::new(Code::InvalidValue, format!("period `{text}`: {rule}"));
        let form = || fault("write day, week or month, a slash and its first day, such as month/2026-11-01");
        let (word, date) = text.split_once('/').ok_or_else(form)?;
        let every = Period::ALL.into_iter().find(|every| every.name() == word).ok_or_else(form)?;
        let digits = |part: &str, length: usize| {
            let fits = part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
            fits.then(|| part.parse::<i64>().ok()).flatten()
        };
        let parts: Vec<&str> = date.split('-').collect();
        let [year, month, day] = parts.as_slice() else { return Err(form()) };
        let parsed = (digits(year, 4), digits(month, 2), digits(day, 2));
        let (Some(year), Some(month), Some(day)) = parsed else { return Err(form()) };
        let days = days_from_civil(year, month, day);
        if civil_from_days(days) != (year, month, day) {
            return Err(fault("there is no such day"));
        }
        let period = Self::of_day(every, days);
        if period.first_day == days {
            return Ok(period);
        }
        Err(fault(&format!("its first day is {}", period.date())))
    }

    /// How long it is.
    #[must_use]
    pub const fn every(self) -> Period {
        self.every
    }

    /// Its first moment.
    #[must_use]
    pub fn start(self, utc_offset_minutes: i32) -> Timestamp {
        let local = self.first_day.saturating_mul(DAY_MS);
        Timestamp::from_ms(local.saturating_sub(i64::from(utc_offset_minutes) * 60_000))
    }

    /// The first moment after it.
    #[must_use]
    pub fn end(self, utc_offset_minutes: i32) -> Timestamp {
        self.next().start(utc_offset_minutes)
    }

    /// The period after it.
    #[must_use]
    pub fn next(self) -> Self {
        let days = match self.every {
            Period::Day => 1,
            Period::Week => 7,
            Period::Month => 31,
        };
        Self::of_day(self.every, self.first_day.saturating_add(days))
    }

    /// The longer or equal period in which it starts.
    #[must_use]
    pub fn within(self, every: Period) -> Self {
        Self::of_day(every, self.first_day)
    }

    fn date(self) -> String {
        let (year, month, day) = civil_from_days(self.first_day);
        format!("{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Display for PeriodKey {
    /// `month/2026-11-01`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.every.name(), self.date())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_touch_and_do_not_overlap() {
        for every in Period::ALL {
            let mut period = PeriodKey::parse(match every {
                Period::Day => "day/2023-12-28",
                Period::Week => "week/2023-12-25",
                Period::Month => "month/2023-12-01",
            })
            .unwrap();
            for _ in 0..500 {
                for offset in [-720, 0, 330, 480, 840] {
                    let (start, end) = (period.start(offset), period.end(offset));
                    assert_eq!(PeriodKey::of(every, start, offset), period);
                    assert_eq!(PeriodKey::of(every, Timestamp::from_ms(end.ms() - 1), offset), period);
                    assert_eq!(PeriodKey::of(every, end, offset), period.next());
                }
                assert_eq!(PeriodKey::parse(&period.to_string()).unwrap(), period);
                period = period.next();
            }
        }
    }

    #[test]
    fn a_period_is_named_by_its_first_day() {
        for (text, message) in [
            ("month/2026-11-02", "period `month/2026-11-02`: its first day is 2026-11-01"),
            ("week/2026-11-22", "period `week/2026-11-22`: its first day is 2026-11-16"),
            ("day/2026-02-29", "period `day/2026-02-29`: there is no such day"),
        ] {
            assert_eq!(PeriodKey::parse(text).unwrap_err().message(), message);
        }
        for text in ["", "month", "year/2026-01-01", "day/2026-1-1", "day/2026-01-01-01", "day/+026-01-01"] {
            assert_eq!(PeriodKey::parse(text).unwrap_err().code(), Code::InvalidValue, "{text}");
        }
    }
}
