//! Pieces of text that several formats need.

use std::borrow::Cow;

use report::{TestResult, TestStatus};

pub(crate) use report::printable_lines;

/// The verdict, unless it passed, then what was seen and the hint: printable lines.
pub(crate) fn of_test(test: &TestResult) -> String {
    let details = report::details(test);
    match test.status {
        TestStatus::Passed => details,
        TestStatus::Failed | TestStatus::NotRun | TestStatus::NotCheckable => {
            format!("verdict: {}\n{details}", test.verdict).trim_end().to_owned()
        }
    }
}

/// The verdict and the first line of what was seen.
pub(crate) fn in_one_line(test: &TestResult) -> String {
    let first = test.message.as_deref().and_then(|message| message.lines().next());
    match first {
        Some(first) => format!("{}: {}", test.verdict, report::printable(first)),
        None => test.verdict.to_string(),
    }
}

/// At most `bytes` of `text`; what was cut is said.
pub(crate) fn clipped(text: &str, bytes: usize) -> Cow<'_, str> {
    const CUT: &str = "\n... (cut)";
    if text.len() <= bytes {
        return Cow::Borrowed(text);
    }
    let room = bytes.saturating_sub(CUT.len());
    let end = (0..=room).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    Cow::Owned(format!("{}{CUT}", &text[..end]))
}

/// Text that HTML and XML take for text.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            c => escaped.push(c),
        }
    }
    escaped
}

/// A line of the student's file that `test` is about; none if nothing points to one.
pub(crate) fn line(test: &TestResult) -> Option<u32> {
    let graph = test.evidence.as_ref().and_then(|evidence| evidence.wait_for.as_ref());
    let waits = graph.and_then(|graph| graph.nodes.iter().find_map(|node| node.at.as_ref()));
    let waits = waits.filter(|at| at.file.ends_with("lib.rs")).map(|at| at.line);
    waits.or_else(|| line_in(test.message.as_deref()?))
}

/// The first `lib.rs:<line>` in `message`.
pub(crate) fn line_in(message: &str) -> Option<u32> {
    let named = message.split("lib.rs:").nth(1)?;
    let digits: String = named.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok().filter(|line| *line > 0)
}

/// JSON that ends with a line break.
pub(crate) fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).expect("plain data") + "\n"
}

/// JSON on one line.
pub(crate) fn json_line(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("plain data")
}

/// `2.5`, as a number.
pub(crate) fn number(points: course::Points) -> f64 {
    points.hundredths() as f64 / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_is_cut_between_characters_and_says_so() {
        assert_eq!(clipped("short", 5), "short");
        let cut = clipped("李李李李李李李李", 20);
        assert!(cut.len() <= 20 && cut.ends_with("... (cut)"), "{cut}");
    }

    #[test]
    fn a_line_is_found_where_a_compiler_or_a_panic_names_it() {
        assert_eq!(line_in("  --> src/lib.rs:12:5"), Some(12));
        assert_eq!(line_in("main panicked at explored.rs:31"), None);
        assert_eq!(line_in("lib.rs:0"), None);
    }
}
