//! What the verdicts of a table mean.

use std::collections::BTreeSet;

use course::Language;
use observation::Verdict;

use super::Colour;
use super::grid::Form;
use crate::meaning;

/// One line for each verdict that is in the table.
pub(super) fn render(verdicts: &BTreeSet<Verdict>, form: Form, colour: Colour) -> String {
    if verdicts.is_empty() {
        return String::new();
    }
    let longest = verdicts.iter().map(|verdict| verdict.as_str().len()).max().unwrap_or(0);
    let lines = verdicts.iter().map(|verdict| {
        let name = match form {
            Form::Words => format!("{verdict:longest$}"),
            Form::Letters => format!("{:1} {verdict:longest$}", letter(*verdict)),
        };
        format!("  {}  {}\n", paint(&name, *verdict, colour), meaning(*verdict, Language::En))
    });
    format!("\nverdicts:\n{}", lines.collect::<String>())
}

/// One letter for a verdict; the empty word for the good one.
pub(super) fn letter(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "",
        Verdict::Serialised => "S",
        Verdict::WrongOutput => "W",
        Verdict::Leak => "K",
        Verdict::Timing => "I",
        Verdict::Race => "R",
        Verdict::Crash => "C",
        Verdict::Timeout => "T",
        Verdict::Livelock => "V",
        Verdict::Deadlock => "D",
        Verdict::Limit => "L",
        Verdict::Forbidden => "F",
        Verdict::DoesNotCompile => "N",
        Verdict::Tampered => "X",
        Verdict::NotGradable => "?",
    }
}

/// `text` in the colour of `verdict`.
pub(super) fn paint(text: &str, verdict: Verdict, colour: Colour) -> String {
    let style = match verdict {
        Verdict::Pass => 32,
        Verdict::Serialised | Verdict::Timing | Verdict::Leak => 33,
        Verdict::NotGradable => 35,
        Verdict::WrongOutput
        | Verdict::Race
        | Verdict::Crash
        | Verdict::Timeout
        | Verdict::Livelock
        | Verdict::Deadlock
        | Verdict::Limit
        | Verdict::Forbidden
        | Verdict::DoesNotCompile
        | Verdict::Tampered => 31,
    };
    match colour {
        Colour::Never => text.to_owned(),
        Colour::Always => format!("\u{1b}[{style}m{text}\u{1b}[0m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_verdicts_share_a_letter() {
        let letters: BTreeSet<_> = Verdict::ALL.into_iter().map(letter).collect();
        assert_eq!(letters.len(), Verdict::ALL.len());
    }
}
