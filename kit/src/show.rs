//! Small texts that show a difference.

use std::collections::BTreeMap;

/// The longest stretch of a difference that is shown.
const SHOWN: usize = 12;

/// `expected` against `actual` line by line: where they part, and a few lines from there.
pub fn compare(expected: &str, actual: &str) -> String {
    let (expected, actual): (Vec<_>, Vec<_>) =
        (expected.lines().collect(), actual.lines().collect());
    let same = expected.iter().zip(&actual).take_while(|(a, b)| a == b).count();
    let mut lines = Vec::new();
    if same > 0 {
        lines.push(format!("  ({same} lines as expected)"));
    }
    lines.extend(expected.iter().skip(same).take(SHOWN).map(|line| format!("- expected: {line}")));
    lines.extend(actual.iter().skip(same).take(SHOWN).map(|line| format!("+ seen:     {line}")));
    lines.join("\n")
}

/// Two multisets of lines: what is missing and what is too much, with counts.
///
/// Empty if they are equal whatever the order.
pub fn compare_unordered<E: AsRef<str>, A: AsRef<str>>(expected: &[E], actual: &[A]) -> String {
    let mut balance = BTreeMap::<&str, i64>::new();
    for line in expected {
        *balance.entry(line.as_ref()).or_default() += 1;
    }
    for line in actual {
        *balance.entry(line.as_ref()).or_default() -= 1;
    }
    let differing = balance.into_iter().filter(|(_, count)| *count != 0);
    let lines = differing.take(SHOWN).map(|(line, count)| match count {
        1.. => format!("- missing {count}x: {line}"),
        _ => format!("+ extra   {}x: {line}", -count),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_starts_where_the_texts_part() {
        insta::assert_snapshot!(compare("a\nb\nc", "a\nb\nd"), @"
          (2 lines as expected)
        - expected: c
        + seen:     d
        ");
    }

    #[test]
    fn order_does_not_matter_but_counts_do() {
        assert_eq!(compare_unordered(&["a", "b"], &["b", "a"]), "");
        insta::assert_snapshot!(compare_unordered(&["a", "b"], &["b", "b", "b"]), @"
        - missing 1x: a
        + extra   2x: b
        ");
    }
}
