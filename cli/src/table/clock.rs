//! Times in cells.

use chrono::{FixedOffset, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike};
use chrono_tz::Tz;
use clap::ValueEnum;
use fenrun::time::Timestamp;
use std::fmt;
use std::str::FromStr;

/// The unit of times written as whole numbers since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TimeUnit {
    /// Seconds
    S,
    /// Milliseconds
    Ms,
}

/// Where times written as dates were read off the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Zone {
    /// A fixed offset from UTC.
    Fixed(FixedOffset),
    /// A zone of the IANA database with its history of summer times.
    Named(Tz),
}

/// How the times of a file are read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    /// The unit of whole numbers; without it they are refused.
    pub(crate) unit: Option<TimeUnit>,
    /// The zone of dates.
    pub(crate) zone: Zone,
}

impl FromStr for Zone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(zone) = text.parse() {
            return Ok(Self::Named(zone));
        }
        let seconds = || {
            let (sign, rest) = match text.split_at_checked(1)? {
                ("+", rest) => (1, rest),
                ("-", rest) => (-1, rest),
                _ => return None,
            };
            let (hours, minutes) = rest.split_once(':')?;
            let part = |text: &str| (text.len() == 2).then(|| text.parse::<u8>().ok()).flatten();
            let minutes = part(minutes).filter(|minutes| *minutes < 60)?;
            FixedOffset::east_opt(sign * (i32::from(part(hours)?) * 3600 + i32::from(minutes) * 60))
        };
        seconds().map(Self::Fixed).ok_or_else(|| {
            format!("`{text}` is no time zone; write UTC, +08:00 or a name such as Asia/Shanghai")
        })
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(offset) => offset.fmt(f),
            Self::Named(zone) => f.write_str(zone.name()),
        }
    }
}

impl Clock {
    /// Reads `2024-11-11`, `2024-11-11 20:00`, `2024-11-11 20:00:00` (a `T` may stand between) or a whole
    /// number.
    pub(crate) fn read(&self, text: &str) -> Result<Timestamp, String> {
        if let Ok(number) = text.parse::<i64>() {
            let ms = match self.unit {
                Some(TimeUnit::S) => number.checked_mul(1000),
                Some(TimeUnit::Ms) => Some(number),
                None => return Err(format!("the time {text} is a whole number; say --time-unit s or ms")),
            };
            let fault = || format!("the time {text} is out of range");
            return ms.map(Timestamp::from_ms).ok_or_else(fault);
        }
        let local = date_and_time(text)
            .ok_or_else(|| format!("`{text}` is no time; write 2024-11-11 or 2024-11-11 20:00:00"))?;
        let ms = match self.zone {
            Zone::Fixed(offset) => moment(&offset, local),
            Zone::Named(zone) => moment(&zone, local),
        };
        ms.map(Timestamp::from_ms)
            .ok_or_else(|| format!("{text} does not exist in {}: the clock was put forward", self.zone))
    }
}

fn date_and_time(text: &str) -> Option<NaiveDateTime> {
    let (date, time) = match text.split_once([' ', 'T']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let date = NaiveDate::parse_from_str(date, "%Y-%m-%d").ok().filter(|_| date.len() == 10)?;
    let time = match time {
        None => NaiveTime::MIN,
        Some(time) if time.len() == 5 => NaiveTime::parse_from_str(time, "%H:%M").ok()?,
        Some(time) if time.len() == 8 => NaiveTime::parse_from_str(time, "%H:%M:%S").ok()?,
        Some(_) => return None,
    };
    // The parser takes `23:59:60`; leap seconds are left out here as everywhere.
    Some(date.and_time(time)).filter(|at| at.nanosecond() < 1_000_000_000)
}

/// Milliseconds of UTC; the earlier one where the clock was put back and shows the time twice.
fn moment(zone: &impl TimeZone, local: NaiveDateTime) -> Option<i64> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.timestamp_millis()),
        LocalResult::None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(zone: &str, unit: Option<TimeUnit>, text: &str) -> Result<String, String> {
        Clock { unit, zone: zone.parse()? }.read(text).map(|at| at.to_string())
    }

    #[test]
    fn dates_are_read_in_their_zone() {
        for (zone, text, utc) in [
            ("UTC", "2024-11-11", "2024-11-11T00:00:00.000Z"),
            ("+08:00", "2024-11-11 20:00", "2024-11-11T12:00:00.000Z"),
            ("-03:30", "2024-11-11T20:00:07", "2024-11-11T23:30:07.000Z"),
            ("Asia/Shanghai", "2024-11-11 20:00:00", "2024-11-11T12:00:00.000Z"),
            // China had summer time from 1986 to 1991.
            ("Asia/Shanghai", "1988-07-01 20:00:00", "1988-07-01T11:00:00.000Z"),
        ] {
            assert_eq!(read(zone, None, text).unwrap(), utc, "{zone} {text}");
        }
    }

    #[test]
    fn whole_numbers_need_their_unit() {
        assert_eq!(read("UTC", Some(TimeUnit::S), "86400").unwrap(), "1970-01-02T00:00:00.000Z");
        assert_eq!(read("UTC", Some(TimeUnit::Ms), "86400").unwrap(), "1970-01-01T00:01:26.400Z");
        assert!(read("UTC", None, "86400").unwrap_err().contains("--time-unit"));
        assert!(read("UTC", Some(TimeUnit::S), &i64::MAX.to_string()).is_err());
    }

    #[test]
    fn refused() {
        for text in [
            "",
            "11/11/2024",
            "2024-11-1",
            "2024-13-01",
            "2024-11-11 25:00",
            "2024-11-11 20:00:00.5",
            "2016-12-31 23:59:60",
        ] {
            assert!(read("UTC", None, text).is_err(), "{text}");
        }
        assert!(
            read("Europe/Paris", None, "2024-03-31 02:30")
                .unwrap_err()
                .contains("in Europe/Paris: the clock was put forward")
        );
        for zone in ["CCT", "+8", "08:00", "+08:60", "+8:00", "Asia/Nowhere"] {
            assert!(zone.parse::<Zone>().is_err(), "{zone}");
        }
    }
}
