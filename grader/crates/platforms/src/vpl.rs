//! What Moodle's Virtual Programming Lab scans in the output of `vpl_execution`.
//!
//! The last line that looks like a grade wins there. So each line that may hold something of a
//! student's is preformatted, VPL's markers are broken up in it, and the grade comes last.

use crate::Sitting;

/// The range of grades of an activity: `VPL_GRADEMIN` and `VPL_GRADEMAX`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// The grade of nothing.
    pub least: f64,
    /// The grade of everything.
    pub most: f64,
}

impl Range {
    /// The range, if the two texts are numbers and in order.
    pub fn read(least: Option<&str>, most: Option<&str>) -> Option<Self> {
        let number = |text: Option<&str>| text?.trim().parse::<f64>().ok();
        let (least, most) = (number(least)?, number(most)?);
        let sound = least.is_finite() && most.is_finite() && least < most;
        sound.then_some(Self { least, most })
    }
}

/// The whole output. Without a range there is a comment and no grade.
pub fn render(sitting: &Sitting, range: Option<Range>) -> String {
    let mut output = format!("<|--\n-{}\n", sitting.headline());
    for line in sitting.sheet().lines() {
        output += &format!(">{}\n", harmless(line));
    }
    output += "--|>\n";
    if let (Some(share), Some(Range { least, most })) = (sitting.share(), range) {
        output += &format!("\nGrade :=>>{}\n", decimals(least + share * (most - least)));
    }
    output
}

/// `line` without anything that VPL takes for a marker.
fn harmless(line: &str) -> String {
    line.replace(":=>>", ": = > >").replace("<|--", "< | - -").replace("--|>", "- - | >")
}

/// At most five decimals, which is what Moodle keeps.
fn decimals(grade: f64) -> String {
    let text = format!("{grade:.5}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::specimen::{KINDS, SECRETS, sitting};

    const TEN: Option<Range> = Some(Range { least: 0.0, most: 10.0 });

    /// Every grade that VPL would see, by its own rule: anywhere in the output, blanks allowed.
    fn grades(output: &str) -> Vec<&str> {
        output.lines().filter(|line| line.contains(":=>>")).collect()
    }

    #[test]
    fn the_grade_is_absolute_within_the_range_of_the_activity() {
        assert_eq!(grades(&render(&sitting("deadlock"), TEN)), ["Grade :=>>4"]);
        let range = Range::read(Some("-1"), Some("2"));
        assert_eq!(grades(&render(&sitting("full"), range)), ["Grade :=>>2"]);
        assert_eq!(grades(&render(&sitting("does-not-compile"), range)), ["Grade :=>>-1"]);
    }

    #[test]
    fn without_a_result_or_without_a_range_there_is_no_grade() {
        assert!(grades(&render(&sitting("stopped"), TEN)).is_empty());
        for (least, most) in [
            (None, None),
            (Some("0"), None),
            (Some("0"), Some("ten")),
            (Some("9"), Some("0")),
            (Some("0"), Some("inf")),
        ] {
            let range = Range::read(least, most);
            assert_eq!(range, None);
            assert!(grades(&render(&sitting("full"), range)).is_empty());
        }
    }

    #[test]
    fn markers_of_a_student_are_none() {
        for kind in KINDS {
            let output = render(&sitting(kind), TEN);
            assert!(grades(&output).len() <= 1, "{output}");
            assert_eq!(output.matches("<|--").count(), 1);
            assert_eq!(output.matches("--|>").count(), 1);
            let inner = output.lines().skip(2).take_while(|line| *line != "--|>");
            assert!(inner.into_iter().all(|line| line.starts_with('>')), "{output}");
            assert!(!SECRETS.iter().any(|secret| output.contains(secret)), "{output}");
        }
    }
}
