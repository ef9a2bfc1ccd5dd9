//! What students and instructors read about the way from a score to a grade.

use std::time::Duration;

use course::{Attempts, Language, LessonId, Percent, Points};

/// A step from scores to a grade or a total.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// One of several attempts counts.
    Attempt {
        /// Which.
        number: u32,
        /// Of how many.
        of: usize,
        /// By which rule.
        by: Attempts,
    },
    /// It was handed in late.
    Late {
        /// How late, if that is known.
        delay: Option<Duration>,
        /// The part of the score that it keeps.
        keeps: Percent,
        /// The score.
        score: Points,
        /// What is left of it.
        points: Points,
    },
    /// No more than a part of the maximum counts.
    Capped {
        /// The part.
        cap: Percent,
        /// The maximum.
        max: Points,
        /// What that comes to.
        points: Points,
    },
    /// A person has set the points.
    Set {
        /// To what.
        points: Points,
        /// What they were before, if that was known.
        before: Option<Points>,
        /// Why.
        reason: String,
    },
    /// The lesson does not count in the total.
    Dropped {
        /// Which.
        lesson: LessonId,
    },
    /// A required lesson is missed, and the total is bounded.
    Required {
        /// Which.
        lesson: LessonId,
        /// The part of its maximum that was needed.
        at_least: Percent,
        /// What the total comes to at most.
        most: Points,
    },
}

/// What a person has to decide about a grade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attention {
    /// The attempt that counts could not be graded.
    NotGradable,
    /// It is marked late, and there is an extension, and no time.
    LateWithExtension,
    /// It is marked late, and there is no time.
    LateWithoutTime {
        /// The part of the score that it keeps, as if it were within the first step.
        keeps: Percent,
    },
}

impl Step {
    /// A sentence for it.
    pub fn tell(&self, language: Language) -> String {
        match language {
            Language::En => self.in_english(),
            Language::Zh => self.in_chinese(),
        }
    }

    fn in_english(&self) -> String {
        match self {
            Self::Attempt { number, of, by: Attempts::Last } => {
                format!("attempt {number} of {of} counts, the last")
            }
            Self::Attempt { number, of, by: Attempts::Best } => {
                format!("attempt {number} of {of} counts, the best")
            }
            Self::Late { delay, keeps, score, points } => {
                let when = match delay {
                    Some(delay) => format!("{} after it was due", span(*delay, &ENGLISH)),
                    None => "late".to_owned(),
                };
                format!("handed in {when}, keeps {keeps}: {points} of {score}")
            }
            Self::Capped { cap, max, points } => {
                format!("{cap} of {max} points count at most: {points}")
            }
            Self::Set { points, before, reason } => {
                format!("set to {points} (before: {}): {reason}", known(*before, "none"))
            }
            Self::Dropped { lesson } => format!("{lesson} does not count: the lowest"),
            Self::Required { lesson, at_least, most } => format!(
                "{lesson} is required and has less than {at_least}: {most} points count at most"
            ),
        }
    }

    fn in_chinese(&self) -> String {
        match self {
            Self::Attempt { number, of, by: Attempts::Last } => {
                format!("共提交 {of} 次，计最后一次（第 {number} 次）")
            }
            Self::Attempt { number, of, by: Attempts::Best } => {
                format!("共提交 {of} 次，计最好的一次（第 {number} 次）")
            }
            Self::Late { delay, keeps, score, points } => {
                let when = match delay {
                    Some(delay) => format!("截止后 {}提交", span(*delay, &CHINESE)),
                    None => "迟交".to_owned(),
                };
                format!("{when}，保留 {keeps}：{score} 分计 {points} 分")
            }
            Self::Capped { cap, max, points } => {
                format!("满分 {max} 分，最多计其 {cap}：{points} 分")
            }
            Self::Set { points, before, reason } => {
                format!("由教师设为 {points} 分（原为 {}）：{reason}", known(*before, "无"))
            }
            Self::Dropped { lesson } => format!("{lesson} 得分最低，不计入总分"),
            Self::Required { lesson, at_least, most } => {
                format!("{lesson} 为必做，得分不足 {at_least}：总分最多计 {most} 分")
            }
        }
    }
}

impl Attention {
    /// A sentence for it.
    pub fn tell(self, language: Language) -> String {
        let sentence = match (self, language) {
            (Self::NotGradable, Language::En) => "it could not be graded",
            (Self::NotGradable, Language::Zh) => "未能评分",
            (Self::LateWithExtension, Language::En) => {
                "is marked late and has an extension, and nothing says when it was handed in; \
                 nothing is taken off"
            }
            (Self::LateWithExtension, Language::Zh) => {
                "标记为迟交，但有延期，且没有记录提交时间；未扣分"
            }
            (Self::LateWithoutTime { keeps }, Language::En) => {
                return format!(
                    "is marked late and nothing says how late; it keeps {keeps} as if handed in \
                     within the first step"
                );
            }
            (Self::LateWithoutTime { keeps }, Language::Zh) => {
                return format!("标记为迟交，但没有记录迟交多久；按第一档处理，保留 {keeps}");
            }
        };
        sentence.to_owned()
    }
}

fn known(points: Option<Points>, otherwise: &str) -> String {
    points.map_or(otherwise.to_owned(), |points| points.to_string())
}

/// Days, hours, minutes and seconds, each with the blank before it.
type Units = [&'static str; 4];

const ENGLISH: Units = [" d", " h", " min", " s"];
const CHINESE: Units = [" 天", " 小时", " 分钟", " 秒"];

/// `2 d 3 h`, `3 h 5 min`, `5 min`, `12 s`
fn span(delay: Duration, [day, hour, minute, second]: &Units) -> String {
    let seconds = delay.as_secs();
    let (d, h, min) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (d, h, min) {
        (0, 0, 0) => format!("{seconds}{second}"),
        (0, 0, min) => format!("{min}{minute}"),
        (0, h, 0) => format!("{h}{hour}"),
        (0, h, min) => format!("{h}{hour} {min}{minute}"),
        (d, 0, _) => format!("{d}{day}"),
        (d, h, _) => format!("{d}{day} {h}{hour}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_told_in_two_units_at_most() {
        for (seconds, english, chinese) in [
            (12, "12 s", "12 秒"),
            (300, "5 min", "5 分钟"),
            (3 * 3600 + 300, "3 h 5 min", "3 小时 5 分钟"),
            (2 * 86_400 + 3 * 3600 + 59, "2 d 3 h", "2 天 3 小时"),
            (86_400, "1 d", "1 天"),
        ] {
            let delay = Duration::from_secs(seconds);
            assert_eq!(span(delay, &ENGLISH), english);
            assert_eq!(span(delay, &CHINESE), chinese);
        }
    }

    #[test]
    fn every_step_says_its_numbers_in_either_language() {
        let points = |text: &str| text.parse::<Points>().unwrap();
        let late = Step::Late {
            delay: Some(Duration::from_secs(3600)),
            keeps: Percent::whole(90),
            score: points("10"),
            points: points("9"),
        };
        assert_eq!(late.tell(Language::Zh), "截止后 1 小时提交，保留 90%：10 分计 9 分");
        let set = Step::Set { points: points("7"), before: None, reason: "病假".to_owned() };
        assert_eq!(set.tell(Language::Zh), "由教师设为 7 分（原为 无）：病假");
        assert_eq!(set.tell(Language::En), "set to 7 (before: none): 病假");
        let required = Step::Required {
            lesson: "lock".parse().unwrap(),
            at_least: Percent::whole(50),
            most: points("12.5"),
        };
        assert_eq!(required.tell(Language::Zh), "lock 为必做，得分不足 50%：总分最多计 12.5 分");
    }
}
