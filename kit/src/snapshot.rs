use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::show::compare;
use crate::{Checked, Finding};

/// Compares a text with insta's snapshot `$name` beside the test; the answer is a [`Checked`].
///
/// Accept a new snapshot as ever: with `cargo insta review` or `INSTA_UPDATE=always`.
#[macro_export]
macro_rules! snapshot {
    ($name:literal, $text:expr) => {{
        let text: String = $text.to_string();
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/snapshots/",
            module_path!(),
            "__",
            $name,
            ".snap"
        );
        $crate::compare_snapshot(file, &text, || $crate::insta::assert_snapshot!($name, text))
    }};
}

/// What [`snapshot!`] expands to: runs insta's assertion and explains its failure.
#[doc(hidden)]
pub fn compare_snapshot(file: &str, seen: &str, assertion: impl FnOnce()) -> Checked {
    if catch_unwind(AssertUnwindSafe(assertion)).is_ok() {
        return Ok(());
    }
    let stored = std::fs::read_to_string(file).unwrap_or_default();
    let name = Path::new(file).file_stem().unwrap_or_default().display();
    let claim = format!("the events, sorted by who says them, differ from the snapshot {name}");
    Err(Finding::wrong(claim).seeing(compare(contents(&stored), seen)))
}

/// What stands below the header of a snapshot file.
fn contents(stored: &str) -> &str {
    let below = stored.strip_prefix("---\n").and_then(|text| text.split_once("\n---\n"));
    below.map_or("", |(_, contents)| contents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_shown_without_the_header() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("t__five.snap");
        std::fs::write(&file, "---\nsource: t.rs\n---\na\nb\n").unwrap();
        let outcome = compare_snapshot(file.to_str().unwrap(), "a\nc\n", || panic!("they differ"));
        let finding = outcome.unwrap_err();
        insta::assert_snapshot!(finding.to_string(), @"
        wrong-output: the events, sorted by who says them, differ from the snapshot t__five
              (1 lines as expected)
            - expected: b
            + seen:     c
        ");
    }
}
