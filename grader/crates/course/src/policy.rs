//! How a course turns scores into grades: what its `course.yaml` says under `policies`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::moment::{Moment, Zone};
use crate::names::LessonId;
use crate::points::Points;

/// What a course says about due dates, late work and totals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policies {
    /// By whose clocks moments without an offset are read.
    pub zone: Zone,
    /// How long after the due date work is still in time.
    pub grace: Duration,
    /// What late work keeps, the shortest delay first. Empty if delay costs nothing; work later
    /// than the last step keeps nothing.
    pub late: Vec<LateStep>,
    /// Which of several attempts counts.
    pub attempts: Attempts,
    /// How much of a lesson's maximum may count at most, extra credit included.
    pub cap: Option<Percent>,
    /// How many of a student's lessons, the worst ones, do not count.
    pub drop_lowest: usize,
    /// Lessons without which the rest counts little.
    pub required: Option<Required>,
    /// When lessons are due.
    pub due: BTreeMap<LessonId, Moment>,
    /// Lessons that count on top of the maximum.
    pub extra: BTreeSet<LessonId>,
}

/// What late work keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LateStep {
    /// Handed in no longer after the due date than this.
    pub within: Duration,
    /// The part of the score that counts.
    pub keeps: Percent,
}

/// Which of several attempts counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Attempts {
    /// The last one.
    #[default]
    Last,
    /// The one that is worth most after all else is applied.
    Best,
}

impl Attempts {
    pub(crate) const WORDS: [(&str, Self); 2] = [("last", Self::Last), ("best", Self::Best)];
}

/// Lessons without which the rest counts little.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Required {
    /// Which.
    pub lessons: Vec<LessonId>,
    /// The part of its maximum that each of them has to reach.
    pub at_least: Percent,
    /// The part of the course's maximum that a student gets at most who misses one.
    pub otherwise: Percent,
}

/// A part of something, exact to the hundredth of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent {
    hundredths: u32,
}

/// What is no percentage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no percentage; write one such as 90% or 12.5%, of at most 1000%")]
pub struct PercentError(String);

impl Percent {
    /// All of it.
    pub const WHOLE: Self = Self { hundredths: 10_000 };
    /// Nothing.
    pub const NOTHING: Self = Self { hundredths: 0 };

    /// Whole percents.
    pub const fn whole(percents: u32) -> Self {
        Self { hundredths: percents * 100 }
    }

    /// This part of `points`, rounded to the nearest hundredth, halves up.
    pub fn of(self, points: Points) -> Points {
        let product = u128::from(points.hundredths()) * u128::from(self.hundredths);
        let rounded = (product + 5_000) / 10_000;
        Points::from_hundredths(u64::try_from(rounded).unwrap_or(u64::MAX))
    }
}

impl FromStr for Percent {
    type Err = PercentError;

    fn from_str(text: &str) -> Result<Self, PercentError> {
        let error = || PercentError(text.to_owned());
        // What has two decimals at most reads as points do.
        let points: Points =
            text.strip_suffix('%').and_then(|number| number.parse().ok()).ok_or_else(error)?;
        let hundredths = u32::try_from(points.hundredths()).map_err(|_| error())?;
        (hundredths <= 100_000).then_some(Self { hundredths }).ok_or_else(error)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}%", Points::from_hundredths(self.hundredths.into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_rounded_to_the_nearest_hundredth_halves_up() {
        for (percent, points, part) in [
            ("100%", "3.75", "3.75"),
            ("0%", "3.75", "0"),
            ("90%", "10", "9"),
            ("33.33%", "3", "1"),
            ("50%", "0.01", "0.01"),
            ("49.99%", "0.01", "0"),
            ("12.5%", "0.1", "0.01"),
            ("150%", "0.33", "0.5"),
        ] {
            let part: Points = part.parse().unwrap();
            assert_eq!(percent.parse::<Percent>().unwrap().of(points.parse().unwrap()), part);
        }
    }

    #[test]
    fn percentages_print_as_they_read_and_nothing_else_reads() {
        for text in ["0%", "12.5%", "99.99%", "1000%"] {
            assert_eq!(text.parse::<Percent>().unwrap().to_string(), text);
        }
        for text in ["", "%", "90", "90 %", "-1%", "1.005%", "1001%", "ninety%"] {
            assert!(text.parse::<Percent>().unwrap_err().to_string().contains("90%"), "{text}");
        }
    }
}
