use std::collections::BTreeSet;
use std::fmt::Write;

use crate::{Checked, Event, Finding, Verdict};

/// Who was inside together.
///
/// Authors announce `enter` once they are inside and `leave` before they go, so
/// two spans that overlap on paper did overlap in time: the peak is a lower bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlap {
    peak: usize,
    together: Vec<String>,
    inside: BTreeSet<String>,
    history: String,
}

impl Overlap {
    pub(crate) fn of(events: &[Event], enter: &str, leave: &str) -> Self {
        let mut overlap =
            Self { peak: 0, together: vec![], inside: BTreeSet::new(), history: String::new() };
        for event in events {
            if event.is_named(enter) {
                overlap.inside.insert(event.who.clone());
            } else if event.is_named(leave) {
                overlap.inside.remove(&event.who);
            } else {
                continue;
            }
            let inside: Vec<_> = overlap.inside.iter().map(String::as_str).collect();
            let _ = writeln!(overlap.history, "{event:<20} inside: {}", inside.join(" "));
            if overlap.inside.len() > overlap.peak {
                overlap.peak = overlap.inside.len();
                overlap.together = overlap.inside.iter().cloned().collect();
            }
        }
        overlap
    }

    /// The most that were inside at once.
    pub fn peak(&self) -> usize {
        self.peak
    }

    /// Who had entered and not left when the output ended.
    pub fn still_inside(&self) -> usize {
        self.inside.len()
    }

    /// Passes if never more than `most` were inside at once.
    pub fn at_most(&self, most: usize) -> Checked {
        let claim = format!("at most {most} may be inside at once, {} were", self.peak);
        Finding::wrong(claim).seeing(self.history()).unless(self.peak <= most)
    }

    /// Passes if `least` were inside at once at some time; fewer is `serialised`.
    pub fn at_least(&self, least: usize) -> Checked {
        let claim = format!("{least} should be inside at once, never more than {} were", self.peak);
        let finding = Finding::new(Verdict::Serialised, claim).seeing(self.history());
        finding.unless(self.peak >= least)
    }

    fn history(&self) -> String {
        const SHOWN: usize = 12;
        let lines = self.history.lines().count();
        let mut text: String =
            self.history.lines().take(SHOWN).map(|line| format!("{line}\n")).collect();
        if lines > SHOWN {
            let _ = writeln!(text, "... and {} more", lines - SHOWN);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use crate::Events;

    fn peak(output: &str) -> usize {
        Events::read(output).overlap("enter", "leave").peak()
    }

    #[test]
    fn the_peak_counts_those_inside_at_once() {
        assert_eq!(peak(""), 0);
        assert_eq!(peak("a: enter\na: leave\nb: enter\nb: leave\n"), 1);
        assert_eq!(peak("a: enter\nb: enter\na: leave\nc: enter\nd: enter\n"), 3);
    }

    #[test]
    fn too_many_inside_are_shown_step_by_step() {
        let overlap = Events::read("a: enter\nb: enter\n").overlap("enter", "leave");
        let finding = overlap.at_most(1).unwrap_err();
        insta::assert_snapshot!(finding.to_string(), @"
        wrong-output: at most 1 may be inside at once, 2 were
            a: enter             inside: a
            b: enter             inside: a b
        ");
    }

    #[test]
    fn too_few_inside_is_called_serialised() {
        let overlap = Events::read("a: enter\na: leave\n").overlap("enter", "leave");
        assert_eq!(overlap.at_least(2).unwrap_err().verdict, crate::Verdict::Serialised);
    }
}
