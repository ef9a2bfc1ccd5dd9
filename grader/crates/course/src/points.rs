use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number of points, exact to the hundredth and never negative.
///
/// In JSON a plain number without noise: `10`, `2.5`, `0.07`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Points {
    hundredths: u64,
}

impl Points {
    /// No points.
    pub const ZERO: Self = Self { hundredths: 0 };

    /// Whole points.
    pub const fn whole(points: u32) -> Self {
        Self { hundredths: points as u64 * 100 }
    }

    /// Hundredths of a point.
    pub const fn from_hundredths(hundredths: u64) -> Self {
        Self { hundredths }
    }

    /// The number of hundredths.
    pub const fn hundredths(self) -> u64 {
        self.hundredths
    }
}

impl Add for Points {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { hundredths: self.hundredths + other.hundredths }
    }
}

impl AddAssign for Points {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sum for Points {
    fn sum<I: Iterator<Item = Self>>(points: I) -> Self {
        points.fold(Self::ZERO, Add::add)
    }
}

impl<'a> Sum<&'a Self> for Points {
    fn sum<I: Iterator<Item = &'a Self>>(points: I) -> Self {
        points.copied().sum()
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.hundredths / 100, self.hundredths % 100);
        match part {
            0 => f.pad(&whole.to_string()),
            part if part % 10 == 0 => f.pad(&format!("{whole}.{}", part / 10)),
            part => f.pad(&format!("{whole}.{part:02}")),
        }
    }
}

/// What is no number of points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointsError {
    /// Less than none.
    #[error("points are never negative")]
    Negative,
    /// More than two decimals.
    #[error("points have two decimals at most")]
    TooFine,
    /// Not a number, or beyond any sense.
    #[error("points are a number such as 3 or 2.5")]
    NotANumber,
}

impl FromStr for Points {
    type Err = PointsError;

    fn from_str(text: &str) -> Result<Self, PointsError> {
        if text.starts_with('-') {
            return Err(PointsError::Negative);
        }
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(part) {
            return Err(PointsError::NotANumber);
        }
        let part: u64 = match part.len() {
            1 => part.parse::<u64>().map(|tenths| tenths * 10),
            2 => part.parse(),
            _ => return Err(PointsError::TooFine),
        }
        .map_err(|_| PointsError::NotANumber)?;
        let whole: u64 = whole.parse().map_err(|_| PointsError::NotANumber)?;
        let hundredths = whole.checked_mul(100).and_then(|whole| whole.checked_add(part));
        hundredths.map(Self::from_hundredths).ok_or(PointsError::NotANumber)
    }
}

impl Serialize for Points {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if self.hundredths.is_multiple_of(100) {
            return to.serialize_u64(self.hundredths / 100);
        }
        // The quotient is the double nearest to the decimal, so its shortest form is the decimal.
        to.serialize_f64(self.hundredths as f64 / 100.0)
    }
}

impl<'de> Deserialize<'de> for Points {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl serde::de::Visitor<'_> for Visitor {
            type Value = Points;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of points")
            }

            fn visit_u64<E: serde::de::Error>(self, value: u64) -> Result<Points, E> {
                value.to_string().parse().map_err(E::custom)
            }

            fn visit_i64<E: serde::de::Error>(self, value: i64) -> Result<Points, E> {
                value.to_string().parse().map_err(E::custom)
            }

            fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Points, E> {
                value.to_string().parse().map_err(E::custom)
            }
        }

        from.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_read_and_print_alike() {
        for (text, hundredths, printed) in [
            ("0", 0, "0"),
            ("3", 300, "3"),
            ("2.5", 250, "2.5"),
            ("2.50", 250, "2.5"),
            ("0.07", 7, "0.07"),
        ] {
            let points: Points = text.parse().unwrap();
            assert_eq!(points.hundredths(), hundredths);
            assert_eq!(points.to_string(), printed);
        }
    }

    #[test]
    fn what_is_no_number_of_points_is_refused() {
        for (text, error) in [
            ("-1", PointsError::Negative),
            ("-0.5", PointsError::Negative),
            ("1.005", PointsError::TooFine),
            ("", PointsError::NotANumber),
            ("NaN", PointsError::NotANumber),
            ("inf", PointsError::NotANumber),
            ("1.", PointsError::NotANumber),
            (".5", PointsError::NotANumber),
            ("+1", PointsError::NotANumber),
            ("1e3", PointsError::NotANumber),
            ("184467440737095517", PointsError::NotANumber),
        ] {
            assert_eq!(text.parse::<Points>(), Err(error), "{text}");
        }
    }

    #[test]
    fn every_hundredth_up_to_a_thousand_points_survives_json_without_noise() {
        for hundredths in 0..=100_000 {
            let points = Points::from_hundredths(hundredths);
            let json = serde_json::to_string(&points).unwrap();
            assert_eq!(json, points.to_string());
            assert_eq!(serde_json::from_str::<Points>(&json).unwrap(), points);
        }
    }

    #[test]
    fn sums_are_exact() {
        let tenths = [Points::from_hundredths(10); 3];
        assert_eq!(tenths.iter().sum::<Points>(), "0.3".parse().unwrap());
    }
}
