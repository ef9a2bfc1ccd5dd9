use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::show::compare;
use crate::{Checked, Finding, Overlap};

/// One labelled line of output: `worker-2: enter` or `main: value=3 of=5`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The label before the colon.
    pub who: String,
    /// All that stands after it.
    pub what: String,
}

impl Event {
    fn parse(line: &str) -> Option<Self> {
        let (who, what) = line.split_once(": ")?;
        let label = !who.is_empty() && !who.contains(char::is_whitespace);
        label.then(|| Self { who: who.to_owned(), what: what.to_owned() })
    }

    /// Whether its text starts with the word `name`, or with `name=`.
    pub fn is_named(&self, name: &str) -> bool {
        self.what.split([' ', '=']).next() == Some(name)
    }

    /// The value of `key=value` in this event.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.what.split_whitespace().find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}: {}", self.who, self.what))
    }
}

/// Events in the order in which they were printed.
///
/// Every view of them but [`happens_before`](Self::happens_before) and
/// [`overlap`](Self::overlap) is independent of that order. Those two read the
/// order only in the direction in which it is a proof: a line is written before
/// its author goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Events {
    events: Vec<Event>,
}

impl Events {
    /// The events among the lines of `output`; other lines are passed over.
    pub fn read(output: &str) -> Self {
        Self { events: output.lines().filter_map(Event::parse).collect() }
    }

    /// The events, in the order of printing.
    pub fn iter(&self) -> impl Iterator<Item = &Event> {
        self.events.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// Those whose text starts with the word `name`, or with `name=`.
    pub fn named(&self, name: &str) -> Self {
        self.filter(|event| event.is_named(name))
    }

    /// Those of one author.
    pub fn of(&self, who: &str) -> Self {
        self.filter(|event| event.who == who)
    }

    /// Those for which `keep` holds.
    pub fn filter(&self, keep: impl Fn(&Event) -> bool) -> Self {
        Self { events: self.events.iter().filter(|event| keep(event)).cloned().collect() }
    }

    /// Each author's own sequence, authors in alphabetical order.
    pub fn per_worker(&self) -> BTreeMap<String, Vec<String>> {
        let mut sequences = BTreeMap::<_, Vec<_>>::new();
        for event in &self.events {
            sequences.entry(event.who.clone()).or_default().push(event.what.clone());
        }
        sequences
    }

    /// The values of `key`, sorted as texts: a multiset.
    pub fn values(&self, key: &str) -> Vec<String> {
        let mut values: Vec<_> =
            self.events.iter().filter_map(|event| event.value(key)).map(str::to_owned).collect();
        values.sort();
        values
    }

    /// The one value of `key` among these events; a finding if there is none, or more than one.
    pub fn value<T: FromStr>(&self, key: &str) -> Checked<T> {
        let values = self.values(key);
        let [value] = values.as_slice() else {
            let claim = format!("expected one event with `{key}=`, saw {}", values.len());
            return Err(Finding::wrong(claim).seeing(self.to_string()));
        };
        value
            .parse()
            .map_err(|_| Finding::wrong(format!("`{key}={value}` is not what was expected")))
    }

    /// How often each text occurs, whoever said it.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for event in &self.events {
            *counts.entry(event.what.clone()).or_default() += 1;
        }
        counts
    }

    /// Passes if there are exactly `expected` of these events.
    pub fn number(&self, expected: usize) -> Checked {
        let claim = format!("expected {expected} such events, saw {}", self.len());
        Finding::wrong(claim).seeing(self.to_string()).unless(self.len() == expected)
    }

    /// Passes if every author of these events says exactly `expected`, in that order.
    pub fn each_says(&self, expected: &[&str]) -> Checked {
        for (who, said) in self.per_worker() {
            if said != expected {
                let claim = format!("{who} should say {}", expected.join(", then "));
                return Err(
                    Finding::wrong(claim).seeing(compare(&expected.join("\n"), &said.join("\n")))
                );
            }
        }
        Ok(())
    }

    /// The spans from each author's `enter` to the same author's next `leave`.
    pub fn overlap(&self, enter: &str, leave: &str) -> Overlap {
        Overlap::of(&self.events, enter, leave)
    }

    /// Passes if an event named `first` was printed before every event named `then`.
    ///
    /// Sound where the author of `then` acts only after it has seen what
    /// `first` announces; that is for the driver to arrange.
    pub fn happens_before(&self, first: &str, then: &str) -> Checked {
        let position = |name| self.events.iter().position(|event| event.is_named(name));
        let claim = format!("`{first}` should come before any `{then}`");
        let holds = match (position(first), position(then)) {
            (Some(first), Some(then)) => first < then,
            (None, Some(_)) => false,
            (_, None) => true,
        };
        Finding::wrong(claim).seeing(self.to_string()).unless(holds)
    }
}

/// One event a line, authors in alphabetical order, each author's own order kept:
/// the form that snapshots hold.
impl fmt::Display for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (who, said) in self.per_worker() {
            for what in said {
                writeln!(f, "{who}: {what}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "\
worker-2: enter
some text of the student's: not an event
worker-1: enter
worker-2: leave
main: value=3 of=5
worker-1: leave
";

    #[test]
    fn only_labelled_lines_are_events() {
        let events = Events::read(OUTPUT);
        assert_eq!(events.len(), 5);
    }

    #[test]
    fn the_text_does_not_depend_on_who_came_first() {
        let mut reversed: Vec<_> = OUTPUT.lines().collect();
        reversed.swap(0, 2);
        assert_eq!(
            Events::read(OUTPUT).to_string(),
            Events::read(&reversed.join("\n")).to_string()
        );
    }

    #[test]
    fn a_value_is_read_by_its_key() {
        let events = Events::read(OUTPUT);
        assert_eq!(events.value::<u32>("value"), Ok(3));
        let missing = events.value::<u32>("sum").unwrap_err();
        assert_eq!(missing.claim, "expected one event with `sum=`, saw 0");
    }

    #[test]
    fn names_are_whole_words() {
        let events = Events::read("a: end\na: ending\na: end=3\n");
        assert_eq!(events.named("end").len(), 2);
    }

    #[test]
    fn a_sequence_that_differs_names_its_worker() {
        let events = Events::read("a: start\na: end\nb: end\nb: start\n");
        let finding = events.each_says(&["start", "end"]).unwrap_err();
        assert_eq!(finding.claim, "b should say start, then end");
    }

    #[test]
    fn order_between_events_is_judged_by_the_first_of_the_later_kind() {
        let events = Events::read("a: set\nb: seen\n");
        assert!(events.happens_before("set", "seen").is_ok());
        assert!(events.happens_before("seen", "set").is_err());
        assert!(events.happens_before("set", "other").is_ok());
        assert!(events.happens_before("other", "seen").is_err());
    }
}
