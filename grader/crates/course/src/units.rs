use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::Serialize;

/// A number of bytes, written `512MiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Bytes(pub u64);

/// What is no quantity of the kind asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// Not a whole number directly followed by a known unit.
    #[error("`{text}` is not {what}; write a whole number and a unit: {example}")]
    Form {
        /// What was written.
        text: String,
        /// What was expected.
        what: &'static str,
        /// The units, by example.
        example: &'static str,
    },
    /// None of something that every program needs.
    #[error("`{0}` leaves nothing; write more than 0")]
    Zero(String),
    /// Too much to count.
    #[error("`{0}` is too large")]
    TooLarge(String),
}

impl FromStr for Bytes {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let units = [("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30)];
        quantity(text, &units, "a size", "64KiB, 512MiB or 2GiB").map(Bytes)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let units = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
        let exact = units.into_iter().find(|(_, size)| self.0 != 0 && self.0.is_multiple_of(*size));
        let (unit, size) = exact.unwrap_or(("B", 1));
        f.pad(&format!("{}{unit}", self.0 / size))
    }
}

/// Reads `500ms`, `10s` or `2min`; never zero.
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    let units = [("ms", 1), ("s", 1000), ("min", 60_000)];
    quantity(text, &units, "a duration", "500ms, 10s or 2min").map(Duration::from_millis)
}

/// Reads `45s`, `15min`, `24h` or `3d`; never zero.
#[cfg(feature = "policies")]
pub(crate) fn parse_span(text: &str) -> Result<Duration, UnitError> {
    let units = [("s", 1), ("min", 60), ("h", 3_600), ("d", 86_400)];
    quantity(text, &units, "a span of time", "15min, 24h or 3d").map(Duration::from_secs)
}

fn quantity(
    text: &str,
    units: &[(&str, u64)],
    what: &'static str,
    example: &'static str,
) -> Result<u64, UnitError> {
    let form = || UnitError::Form { text: text.to_owned(), what, example };
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, size) = units.iter().find(|(name, _)| *name == unit).ok_or_else(form)?;
    if number.is_empty() {
        return Err(form());
    }
    let number: u64 = number.parse().map_err(|_| UnitError::TooLarge(text.to_owned()))?;
    match number.checked_mul(*size) {
        None => Err(UnitError::TooLarge(text.to_owned())),
        Some(0) => Err(UnitError::Zero(text.to_owned())),
        Some(quantity) => Ok(quantity),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes_read_as_written() {
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(parse_duration("2min"), Ok(Duration::from_secs(120)));
        for (text, bytes) in
            [("1B", 1), ("64KiB", 64 << 10), ("512MiB", 512 << 20), ("2GiB", 2 << 30)]
        {
            assert_eq!(text.parse(), Ok(Bytes(bytes)));
            assert_eq!(Bytes(bytes).to_string(), text);
        }
    }

    #[test]
    fn anything_else_is_answered_with_an_example() {
        for text in ["", "s", "10", "10 s", "1.5s", "-1s", "10S", "10sec", "１0s"] {
            let error = parse_duration(text).unwrap_err().to_string();
            assert!(error.ends_with("500ms, 10s or 2min"), "{error}");
        }
        for text in ["512MB", "512mib", "1TiB", "512"] {
            let error = text.parse::<Bytes>().unwrap_err().to_string();
            assert!(error.ends_with("64KiB, 512MiB or 2GiB"), "{error}");
        }
    }

    #[test]
    fn nothing_and_too_much_are_refused() {
        assert_eq!(parse_duration("0s"), Err(UnitError::Zero("0s".to_owned())));
        let text = "99999999999999999999GiB";
        assert_eq!(text.parse::<Bytes>(), Err(UnitError::TooLarge(text.to_owned())));
        let text = "99999999999999999GiB";
        assert_eq!(text.parse::<Bytes>(), Err(UnitError::TooLarge(text.to_owned())));
    }
}
