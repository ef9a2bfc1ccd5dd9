use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, FixedOffset, NaiveDateTime, SecondsFormat, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

/// A time zone by its name: `Europe/Berlin`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(Tz);

/// A name of no time zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no time zone; write one such as Europe/Berlin or Asia/Shanghai, or UTC")]
pub struct ZoneError(String);

impl FromStr for Zone {
    type Err = ZoneError;

    fn from_str(text: &str) -> Result<Self, ZoneError> {
        text.parse().map(Self).map_err(|_| ZoneError(text.to_owned()))
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self(Tz::UTC)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.name())
    }
}

/// A point in time to the second, as it was written: with an offset, or in whatever zone
/// its reader takes it to be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Moment {
    local: NaiveDateTime,
    offset: Option<FixedOffset>,
}

/// What is no moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MomentError {
    /// Not written as one.
    #[error("`{0}` is no date and time; write 2026-10-01 23:59, or 2026-10-01T23:59:00+02:00")]
    Form(String),
    /// The clock was put forward over it.
    #[error("`{moment}` does not exist in {zone}: the clock was put forward then")]
    Skipped {
        /// As it was written.
        moment: String,
        /// Where.
        zone: String,
    },
}

impl Moment {
    /// A moment by a clock whose zone is not told.
    pub fn local(local: NaiveDateTime) -> Self {
        Self { local: whole(local), offset: None }
    }

    /// A moment by a clock in `zone`; none if that clock never showed it.
    pub fn in_zone(local: NaiveDateTime, zone: &Zone) -> Option<Self> {
        let moment = zone.0.from_local_datetime(&whole(local)).latest()?;
        Some(moment.fixed_offset().into())
    }

    /// The moment on the line of time, by a clock in `zone` unless it says otherwise itself.
    ///
    /// A time that the clock showed twice is the later one, in favour of whoever hands in.
    pub fn at(&self, zone: Zone) -> Result<DateTime<Utc>, MomentError> {
        let skipped = || MomentError::Skipped { moment: self.to_string(), zone: zone.to_string() };
        let Some(offset) = self.offset else {
            let found = zone.0.from_local_datetime(&self.local).latest();
            return found.map(|moment| moment.to_utc()).ok_or_else(skipped);
        };
        let moment = offset.from_local_datetime(&self.local).single();
        moment.map(|moment| moment.to_utc()).ok_or_else(skipped)
    }

    /// An order among moments that one system wrote.
    pub fn rough_order(&self) -> NaiveDateTime {
        self.offset.map_or(self.local, |offset| self.local - offset)
    }
}

impl From<DateTime<FixedOffset>> for Moment {
    fn from(moment: DateTime<FixedOffset>) -> Self {
        Self { local: whole(moment.naive_local()), offset: Some(*moment.offset()) }
    }
}

/// Without the part of a second.
fn whole(local: NaiveDateTime) -> NaiveDateTime {
    local.with_nanosecond(0).unwrap_or(local)
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let with = self.offset.and_then(|offset| offset.from_local_datetime(&self.local).single());
        match with {
            Some(moment) => f.write_str(&moment.to_rfc3339_opts(SecondsFormat::Secs, true)),
            None => write!(f, "{}", self.local.format("%Y-%m-%dT%H:%M:%S")),
        }
    }
}

impl FromStr for Moment {
    type Err = MomentError;

    fn from_str(text: &str) -> Result<Self, MomentError> {
        if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
            return Ok(moment.into());
        }
        let forms = ["%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"];
        let local = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
        local.map(Self::local).ok_or_else(|| MomentError::Form(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str, zone: &str) -> Result<String, MomentError> {
        let at = text.parse::<Moment>()?.at(zone.parse().unwrap())?;
        Ok(at.to_rfc3339_opts(SecondsFormat::Secs, true))
    }

    #[test]
    fn a_moment_is_read_in_its_own_zone_or_else_in_the_courses() {
        for (text, zone, expected) in [
            ("2026-10-01 23:59", "UTC", "2026-10-01T23:59:00Z"),
            ("2026-10-01 23:59", "Europe/Berlin", "2026-10-01T21:59:00Z"),
            ("2026-12-01T23:59:30", "Europe/Berlin", "2026-12-01T22:59:30Z"),
            ("2026-10-01T23:59:00+08:00", "Europe/Berlin", "2026-10-01T15:59:00Z"),
            ("2026-10-01T23:59:00Z", "Asia/Shanghai", "2026-10-01T23:59:00Z"),
        ] {
            assert_eq!(utc(text, zone).as_deref(), Ok(expected), "{text} {zone}");
        }
    }

    #[test]
    fn an_hour_that_comes_twice_is_the_later_and_one_that_never_comes_is_said() {
        assert_eq!(utc("2026-10-25 02:30", "Europe/Berlin").unwrap(), "2026-10-25T01:30:00Z");
        let skipped = utc("2026-03-29 02:30", "Europe/Berlin").unwrap_err().to_string();
        assert!(skipped.contains("does not exist in Europe/Berlin"), "{skipped}");
    }

    #[test]
    fn what_is_no_moment_or_zone_is_answered_with_an_example() {
        for text in ["", "tomorrow", "2026-13-01 10:00", "2026-10-01", "10:00"] {
            let error = text.parse::<Moment>().unwrap_err().to_string();
            assert!(error.contains("2026-10-01 23:59"), "{error}");
        }
        assert!("Berlin".parse::<Zone>().unwrap_err().to_string().contains("Europe/Berlin"));
    }

    #[test]
    fn moments_print_as_they_read() {
        for text in ["2026-10-01T23:59:00+02:00", "2026-10-01T23:59:00Z", "2026-10-01T23:59:00"] {
            assert_eq!(text.parse::<Moment>().unwrap().to_string(), text);
        }
    }
}
