//! When something was handed in, in the ways in which systems write it.

use chrono::{DateTime, NaiveDateTime};
use course::Moment;

/// `2025-03-01 12:30:05.123 +0100`, `... Z`, `... UTC`, RFC 3339, or local time without a zone.
pub(crate) fn parse(text: &str) -> Option<Moment> {
    let text = text.trim();
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Some(Moment::from(moment));
    }
    for form in ["%Y-%m-%d %H:%M:%S%.f %z", "%Y-%m-%d %H:%M:%S%.f%:z"] {
        if let Ok(moment) = DateTime::parse_from_str(text, form) {
            return Some(Moment::from(moment));
        }
    }
    for zone in [" Z", " UTC", "Z"] {
        if let Some(moment) = text.strip_suffix(zone).and_then(local) {
            return Some(Moment::from(moment.and_utc().fixed_offset()));
        }
    }
    if let Some(moment) = local(text) {
        return Some(Moment::local(moment));
    }
    let (moment, zone) = text.rsplit_once(' ')?;
    Moment::in_zone(local(moment)?, &zone.parse().ok()?)
}

/// `2025-03-01-12-30-05`
pub(crate) fn parse_dashes(text: &str) -> Option<Moment> {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d-%H-%M-%S").ok().map(Moment::local)
}

fn local(text: &str) -> Option<NaiveDateTime> {
    let forms = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M"];
    forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_system_is_understood() {
        for (text, written) in [
            ("2025-09-15 20:43:52.129520000 Z", "2025-09-15T20:43:52Z"),
            ("2025-09-15 20:43:52 -0700", "2025-09-15T20:43:52-07:00"),
            ("2025-09-15T20:43:52+02:00", "2025-09-15T20:43:52+02:00"),
            ("2025-09-15 20:43:52.948203 America/Los_Angeles", "2025-09-15T20:43:52-07:00"),
            ("2025-09-15 20:43:52 UTC", "2025-09-15T20:43:52Z"),
            ("2025-09-15 20:43:52", "2025-09-15T20:43:52"),
        ] {
            assert_eq!(parse(text).map(|moment| moment.to_string()).as_deref(), Some(written));
        }
        let dashes = parse_dashes("2025-09-15-20-43-52").unwrap();
        assert_eq!(dashes.to_string(), "2025-09-15T20:43:52");
        assert_eq!(parse("yesterday"), None);
        assert_eq!(parse_dashes("2025-13-15-20-43-52"), None);
    }
}
