//! Times in cells.

use chrono::{
    DateTime, FixedOffset, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike,
};
use chrono_tz::Tz;
use clap::ValueEnum;
use fenrun::time::Timestamp;
use fenrun::{Code, Error};
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
        self.zone
            .moment(local)
            .map(Timestamp::from_ms)
            .ok_or_else(|| format!("{text} does not exist in {}: the clock was put forward", self.zone))
    }

    /// Reads the bound of a period: a date is the first moment of that day, whatever the clock showed then.
    /// `option` names it in errors.
    pub(crate) fn bound(&self, option: &str, text: &str) -> Result<Timestamp, String> {
        if text.parse::<i64>().is_ok() {
            return Err(format!("{option}: {text} is a number; write 2024-11-11 or 2024-11-11 20:00:00"));
        }
        let day = date_and_time(text).filter(|_| !text.contains([' ', 'T']));
        // Where summer time begins at midnight, the day begins later; by 24 hours in Samoa, once.
        let first = day.and_then(|day| {
            let quarters = (0..=96).map(|quarter| day + TimeDelta::minutes(15 * quarter));
            quarters.filter_map(|local| self.zone.moment(local)).next()
        });
        match first {
            Some(ms) => Ok(Timestamp::from_ms(ms)),
            None => self.read(text).map_err(|rule| format!("{option}: {rule}")),
        }
    }

    /// Both bounds of a period; the second is not included.
    pub(crate) fn period(&self, from: Option<&str>, to: Option<&str>) -> fenrun::Result<Bounds> {
        let bound = |option: &str, text: Option<&str>| text.map(|text| self.bound(option, text)).transpose();
        let refused = |rule: String| Error::new(Code::InvalidArgument, rule);
        let from_at = bound("--from", from).map_err(refused)?;
        let to_at = bound("--to", to).map_err(refused)?;
        match (from_at, to_at) {
            (Some(start), Some(end)) if start >= end => {
                let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
                Err(refused(format!("--from {from} is not before --to {to}, which is not included")))
            }
            bounds => Ok(bounds),
        }
    }

    /// A moment as the clock of the zone showed it, with the offset.
    pub(crate) fn show(&self, at: Timestamp) -> String {
        let Some(utc) = DateTime::from_timestamp_millis(at.ms()) else { return at.to_string() };
        match self.zone {
            Zone::Named(Tz::UTC) => at.to_string(),
            Zone::Fixed(offset) => shown(&utc.with_timezone(&offset)),
            Zone::Named(zone) => shown(&utc.with_timezone(&zone)),
        }
    }
}

/// From a moment, to a moment.
pub(crate) type Bounds = (Option<Timestamp>, Option<Timestamp>);

impl Zone {
    /// Milliseconds of UTC of what the clock shows.
    fn moment(&self, local: NaiveDateTime) -> Option<i64> {
        match self {
            Self::Fixed(offset) => moment(offset, local),
            Self::Named(zone) => moment(zone, local),
        }
    }
}

fn shown<Z: TimeZone<Offset: fmt::Display>>(at: &DateTime<Z>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string()
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
    fn a_period_is_bounded_by_whole_days() {
        let clock = |zone: &str| Clock { unit: None, zone: zone.parse().unwrap() };
        let bound = |zone: &str, text: &str| clock(zone).bound("--from", text).map(|at| at.to_string());
        assert_eq!(bound("Asia/Shanghai", "2024-11-11").unwrap(), "2024-11-10T16:00:00.000Z");
        // Midnight was skipped, a whole day was skipped.
        assert_eq!(bound("America/Santiago", "2024-09-08").unwrap(), "2024-09-08T04:00:00.000Z");
        assert_eq!(bound("Pacific/Apia", "2011-12-30").unwrap(), "2011-12-30T10:00:00.000Z");
        assert!(bound("America/Santiago", "2024-09-08 00:30").unwrap_err().starts_with("--from: 2024-09-08"));
        assert!(bound("UTC", "2024").unwrap_err().starts_with("--from: 2024 is a number"));
        assert!(bound("UTC", "x").unwrap_err().starts_with("--from: `x` is no time"));
        let period = |from, to| clock("UTC").period(Some(from), Some(to));
        assert!(period("2024-01-01", "2024-01-02").is_ok());
        for to in ["2024-01-01", "2023-12-31"] {
            let error = period("2024-01-01", to).unwrap_err();
            let rule = format!("--from 2024-01-01 is not before --to {to}, which is not included");
            assert_eq!(error.message(), rule);
        }
    }

    #[test]
    fn moments_are_shown_in_their_zone() {
        let show = |zone: &str| {
            let clock = Clock { unit: None, zone: zone.parse().unwrap() };
            clock.show(Timestamp::from_ms(1_731_254_400_007))
        };
        assert_eq!(show("UTC"), "2024-11-10T16:00:00.007Z");
        assert_eq!(show("+08:00"), "2024-11-11T00:00:00.007+08:00");
        assert_eq!(show("Europe/Paris"), "2024-11-10T17:00:00.007+01:00");
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
