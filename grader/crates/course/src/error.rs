use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::node::{self, NodeId, Position};

/// Why a course could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum CourseError {
    /// The file could not be read.
    #[error("cannot read {}; run from the course's folder, or name it", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// What the file says is wrong.
    #[error(transparent)]
    Invalid(#[from] CourseErrors),
}

/// Everything that is wrong with a course, in the order of the file; at least one problem.
///
/// Prints as plain text with an excerpt for each. With the feature `miette` it
/// is a diagnostic as well.
#[derive(Clone, Debug)]
pub struct CourseErrors {
    pub(crate) source: Arc<Source>,
    problems: Vec<Problem>,
}

impl CourseErrors {
    /// The problems in the order of the file; at least one.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The file that they are in.
    pub fn path(&self) -> &Path {
        &self.source.path
    }

    pub(crate) fn new(source: Arc<Source>, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| (problem.line, problem.column));
        Self { source, problems }
    }
}

impl std::error::Error for CourseErrors {}

impl fmt::Display for CourseErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            problem.excerpt(&self.source, f)?;
        }
        Ok(())
    }
}

/// One mistake in a course file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, and where it helps what to write instead.
    pub message: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The bytes of the text, after any byte order mark, that the mistake is about; never
    /// across lines.
    pub span: Range<usize>,
}

impl Problem {
    pub(crate) fn at_node(source: &Source, id: NodeId, message: String) -> Self {
        Self::at(source, node::locate(&source.text, id), message)
    }

    pub(crate) fn at(source: &Source, at: Position, message: String) -> Self {
        let span = source.token(at);
        Self { message, line: at.line, column: at.column, span }
    }

    fn excerpt(&self, source: &Source, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { message, line, column, span } = self;
        let (number, margin) = (line.to_string(), " ".repeat(line.to_string().len()));
        let text = source.line(*line).1;
        // A tab is as wide as the terminal likes, so it stays one.
        let blank = |c: char| if c == '\t' { "\t" } else { &"  "[..c.width().unwrap_or(0)] };
        let before: String = text.chars().take(column - 1).map(blank).collect();
        let carets = source.text[span.clone()].width().max(1);
        writeln!(f, "{}:{line}:{column}: {message}", source.path.display())?;
        writeln!(f, "{margin} |")?;
        writeln!(f, "{number} | {text}")?;
        write!(f, "{margin} | {before}{}", "^".repeat(carets))
    }
}

/// A course file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

impl Source {
    /// The offset and the text of a line, counted from 1, without its end.
    fn line(&self, number: usize) -> (usize, &str) {
        let mut start = 0;
        for _ in 1..number {
            match self.text[start..].find(LINE_BREAKS) {
                Some(end) => start = after_break(&self.text, start + end),
                None => return (self.text.len(), ""),
            }
        }
        let rest = &self.text[start..];
        (start, &rest[..rest.find(LINE_BREAKS).unwrap_or(rest.len())])
    }

    /// The bytes of the word, quoted text or bracket that stands at `at`.
    fn token(&self, at: Position) -> Range<usize> {
        let (start, line) = self.line(at.line);
        let offset = line.char_indices().nth(at.column - 1).map_or(line.len(), |(at, _)| at);
        let start = start + offset;
        start..start + token_length(&line[offset..])
    }
}

/// What ends a line in YAML.
const LINE_BREAKS: [char; 5] = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];

fn after_break(text: &str, at: usize) -> usize {
    let rest = &text[at..];
    let length =
        if rest.starts_with("\r\n") { 2 } else { rest.chars().next().map_or(0, char::len_utf8) };
    at + length
}

fn token_length(rest: &str) -> usize {
    match rest.chars().next() {
        None => 0,
        Some('[' | '{') => 1,
        Some('-') if rest == "-" || rest.starts_with("- ") => 1,
        Some(quote @ ('"' | '\'')) => rest[1..].find(quote).map_or(rest.len(), |end| end + 2),
        Some(_) => {
            let ends = [": ", " #", ", ", ",", "]", "}"];
            let end = ends.iter().filter_map(|end| rest.find(end)).min().unwrap_or(rest.len());
            rest[..end].trim_end().trim_end_matches(':').len()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str, line: usize, column: usize) -> &str {
        let source = Source { path: PathBuf::from("course.yaml"), text: text.to_owned() };
        &text[source.token(Position { line, column })]
    }

    #[test]
    fn a_problem_points_at_a_whole_word() {
        assert_eq!(token("id: fork # x\n", 1, 1), "id");
        assert_eq!(token("id: fork # x\n", 1, 5), "fork");
        assert_eq!(token("a:\r\n  b: \"x, y\" \r\n", 2, 6), "\"x, y\"");
        assert_eq!(token("a: [b, 并发, c]\n", 1, 8), "并发");
        assert_eq!(token("a: [b]\n", 1, 4), "[");
        assert_eq!(token("- b: c\n", 1, 1), "-");
        assert_eq!(token("key:\n", 1, 1), "key");
        assert_eq!(token("key:\n", 1, 5), "");
        assert_eq!(token("key:\n", 9, 3), "");
        assert_eq!(token("", 1, 1), "");
    }
}
