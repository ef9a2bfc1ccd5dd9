#![allow(clippy::unwrap_used, reason = "all of it is a test")]

use std::time::Duration;

use jail::Tier;
use observation::{Exit, Observation, Verdict};

use crate::SECRET;

/// What a hostile program says of itself in its first lines.
pub(crate) struct Expectation {
    verdict: Verdict,
    in_tier: Vec<(String, Verdict)>,
    signal: Option<i32>,
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
    pub(crate) stdin: usize,
}

impl Expectation {
    /// Reads `//! name: value`, for `verdict`, `verdict in <tier>`, `signal`, `wall` and
    /// `cpu` in milliseconds, and `stdin` in bytes.
    pub(crate) fn read(source: &str) -> Self {
        let lines = source.lines().map_while(|line| line.strip_prefix("//! "));
        let named: Vec<_> = lines.filter_map(|line| line.split_once(": ")).collect();
        let value =
            |wanted: &str| named.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
        let number = |wanted: &str| value(wanted).map(|text| text.parse::<u64>().unwrap());
        let in_tier = named.iter().filter_map(|(name, verdict)| {
            let tier = name.strip_prefix("verdict in ")?;
            Some((tier.to_owned(), verdict.parse().unwrap()))
        });
        Self {
            verdict: value("verdict").expect("a verdict").parse().unwrap(),
            in_tier: in_tier.collect(),
            signal: number("signal").map(|number| i32::try_from(number).unwrap()),
            wall: Duration::from_millis(number("wall").unwrap_or(20_000)),
            cpu: Duration::from_millis(number("cpu").unwrap_or(20_000)),
            stdin: usize::try_from(number("stdin").unwrap_or(0)).unwrap(),
        }
    }

    /// What is not as expected.
    pub(crate) fn compare(&self, tier: Tier, seen: &Observation) -> Option<String> {
        let special = self.in_tier.iter().find(|(name, _)| *name == tier.to_string());
        let verdict = special.map_or(self.verdict, |(_, verdict)| *verdict);
        let said = format!("{}{}", seen.stdout.text, seen.stderr.text);
        if let Some(escape) = said.lines().find(|line| line.starts_with("escaped: ")) {
            return Some(escape.to_owned());
        }
        if said.contains(SECRET) {
            return Some("it got hold of the secret".to_owned());
        }
        if seen.verdict != verdict {
            let stderr = &seen.stderr.text;
            let shown = &stderr[..stderr.floor_char_boundary(200)];
            return Some(format!("{} ({}) for {verdict}; {shown}", seen.verdict, seen.reason));
        }
        match self.signal {
            Some(signal) if seen.exit != Some(Exit::Signal(signal)) => {
                Some(format!("{:?} for signal {signal}", seen.exit))
            }
            _ => None,
        }
    }
}
