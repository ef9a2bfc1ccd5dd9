//! What students hand in for a lesson: the usual mix, out of the course's own submissions.

use std::path::{Path, PathBuf};

use anyhow::bail;

/// What one of the course's own submissions to a lesson is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// The reference solution.
    Right,
    /// The n-th known-wrong one that comes to its end.
    Wrong(usize),
    /// The n-th that hangs.
    Hanging(usize),
    /// One that does not compile.
    Broken,
}

/// The submissions that one lesson has.
pub(crate) struct Mix {
    right: String,
    wrong: Vec<String>,
    hanging: Vec<String>,
}

impl Mix {
    /// Of the known-wrong submissions, those with one of the verdicts `hanging` hang.
    pub(crate) fn new(root: &Path, lesson: &str, hanging: &[&str]) -> anyhow::Result<Self> {
        let right = std::fs::read_to_string(root.join(format!("solutions/{lesson}/src/lib.rs")))?;
        let mut mix = Self { right, wrong: Vec::new(), hanging: Vec::new() };
        let folder = root.join("tests/submissions").join(lesson);
        let places = std::fs::read_dir(&folder)?.map(|entry| Ok(entry?.path()));
        let mut places: Vec<PathBuf> = places.collect::<std::io::Result<_>>()?;
        places.sort();
        for place in places {
            let expect = std::fs::read_to_string(place.join("expect.yaml"))?;
            let verdict = expect.lines().find_map(|line| line.strip_prefix("verdict: "));
            let text = std::fs::read_to_string(place.join("lib.rs"))?;
            match verdict.unwrap_or_default().trim() {
                verdict if hanging.contains(&verdict) => mix.hanging.push(text),
                "pass" | "does-not-compile" | "deadlock" | "livelock" | "timeout" => {}
                _ => mix.wrong.push(text),
            }
        }
        if mix.wrong.is_empty() {
            bail!("{} has no wrong submissions", folder.display());
        }
        Ok(mix)
    }

    /// Of twenty in turn ten are right, five wrong, two hang and three do not compile. Where nothing
    /// hangs, two more are wrong.
    pub(crate) fn kind(&self, turn: usize) -> Kind {
        match turn % 20 {
            0 | 2 | 4 | 6 | 8 | 10 | 12 | 14 | 16 | 18 => Kind::Right,
            1 | 5 | 9 | 13 | 17 => Kind::Wrong(turn % self.wrong.len()),
            3 | 11 if !self.hanging.is_empty() => Kind::Hanging(turn % self.hanging.len()),
            3 | 11 => Kind::Wrong(turn % self.wrong.len()),
            _ => Kind::Broken,
        }
    }

    pub(crate) fn source(&self, kind: &Kind) -> String {
        match kind {
            Kind::Right => self.right.clone(),
            Kind::Wrong(n) => self.wrong[*n].clone(),
            Kind::Hanging(n) => self.hanging[*n].clone(),
            Kind::Broken => format!("{}\nfn broken() -> u32 {{ \"no number\" }}\n", self.right),
        }
    }
}
