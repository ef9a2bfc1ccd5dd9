use std::str::FromStr;

use course::LessonId;
use thiserror::Error;

/// A rule of the instructor's: files whose path fits the pattern are of this lesson.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Map {
    pattern: String,
    /// The lesson.
    pub lesson: LessonId,
}

/// What is no rule.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is no rule; write PATTERN=LESSON, as in '*/hw1.rs=lock'")]
pub struct MapError(String);

impl FromStr for Map {
    type Err = MapError;

    fn from_str(text: &str) -> Result<Self, MapError> {
        let error = || MapError(text.to_owned());
        let (pattern, lesson) = text.rsplit_once('=').ok_or_else(error)?;
        if pattern.is_empty() {
            return Err(error());
        }
        Ok(Self { pattern: pattern.to_owned(), lesson: lesson.parse().map_err(|_| error())? })
    }
}

impl Map {
    /// Whether the file at `path`, below its source, falls under the rule: as a whole, or by
    /// its last names if the pattern does not start at the front.
    pub(crate) fn fits(&self, path: &str) -> bool {
        let mut starts = vec![0];
        starts.extend(path.match_indices('/').map(|(at, _)| at + 1));
        starts.into_iter().any(|start| glob(self.pattern.as_bytes(), &path.as_bytes()[start..]))
    }
}

/// `*` stands for any number of characters, `?` for one.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && pattern[p] == b'*' {
            star = Some((p, t));
            p += 1;
        } else if p < pattern.len() && (pattern[p] == b'?' || pattern[p] == text[t]) {
            p += 1;
            t += 1;
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            p = at + 1;
            t = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|&byte| byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_whole_paths_and_their_ends() {
        for (rule, path, fits) in [
            ("hw1.rs=lock", "ada/hw1.rs", true),
            ("hw1.rs=lock", "ada/xhw1.rs", false),
            ("ada/*=lock", "ada/x/y.rs", true),
            ("week?/*=lock", "bob/week3/a.rs", true),
            ("a*b*c=lock", "abbbac", true),
            ("a*b*c=lock", "abbbad", false),
            ("*=lock", "anything", true),
        ] {
            assert_eq!(rule.parse::<Map>().unwrap().fits(path), fits, "{rule} {path}");
        }
    }

    #[test]
    fn a_pattern_with_many_stars_ends() {
        let rule: Map = format!("{}b=lock", "a*".repeat(50)).parse().unwrap();
        assert!(!rule.fits(&"a".repeat(20_000)));
    }

    #[test]
    fn what_is_no_rule_is_said() {
        for text in ["", "lock", "=lock", "x=Not A Lesson"] {
            assert!(text.parse::<Map>().unwrap_err().to_string().contains("PATTERN=LESSON"));
        }
    }
}
