//! Tiny actions that show whether the walls stand.
//!
//! A program of ours performs them inside; what it reports is compared with what the
//! tier promises. An action that should be refused and is not, one that should work
//! and does not, and one that was never reported are all breaches.

mod refused;
mod state;
mod works;

use std::fs;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Tier;

/// What the actions need to know.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Scene {
    /// The walls that are to be tried.
    pub tier: Tier,
    /// A file outside that everybody may read and write, in a directory of which the same
    /// is true and which is not /tmp itself.
    pub outside: PathBuf,
    /// A process outside.
    pub process: i32,
    /// The name of an abstract socket on which a process outside listens.
    pub socket: String,
    /// Bytes of the largest file that may be written.
    pub file_size: u64,
    /// Bytes of its own /tmp, if it has one.
    pub temporary: u64,
    /// The [`namespaces`] of a process outside.
    pub namespaces: Vec<String>,
}

/// The namespaces of the calling process that walls may be made of, by their names in /proc.
pub fn namespaces() -> Vec<String> {
    let kinds = ["user", "pid", "mnt", "net", "ipc", "uts", "cgroup"];
    let named = kinds.iter().filter_map(|kind| fs::read_link(format!("/proc/self/ns/{kind}")).ok());
    named.map(|name| name.display().to_string()).collect()
}

/// A promise that walls make, by the words of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Promise {
    /// What a lesson teaches works.
    Lessons,
    /// Files outside can neither be read nor written.
    Files,
    /// Nothing outside can be talked to.
    Network,
    /// Processes outside can be neither seen nor signalled.
    Processes,
    /// No rights, and none to be gained.
    Privileges,
    /// The parts of the kernel that no lesson needs are out of reach.
    Kernel,
    /// Bounds hold.
    Bounds,
}

/// One action.
pub(crate) struct Canary {
    name: &'static str,
    promise: Promise,
    /// Whether a tier makes this promise.
    held_in: fn(Tier) -> bool,
    /// Performs it inside. What it says, if anything, is what went wrong.
    perform: fn(&Scene) -> Result<(), String>,
}

const EVERYWHERE: fn(Tier) -> bool = |_| true;

/// A promise that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[error("{name}: {reason}")]
pub struct Breach {
    /// Which action showed it.
    pub name: String,
    /// Of what kind it is.
    pub promise: Promise,
    /// What happened.
    pub reason: String,
}

/// What a report says of an action that went as it should.
const HELD: &str = "held";

fn all() -> impl Iterator<Item = &'static Canary> {
    works::CANARIES.iter().chain(state::CANARIES).chain(refused::CANARIES)
}

/// The names of all actions that `tier` has to stand, with what they are about.
pub fn names(tier: Tier) -> Vec<(&'static str, Promise)> {
    let held = all().filter(|canary| (canary.held_in)(tier));
    held.map(|canary| (canary.name, canary.promise)).collect()
}

/// Performs every action that the tier of `scene` has to stand: a line for each.
///
/// To be called behind the walls, by a program with one thread that does nothing else.
pub fn perform(scene: &Scene) -> String {
    let held = all().filter(|canary| (canary.held_in)(scene.tier));
    let line = |canary: &Canary| {
        let outcome = (canary.perform)(scene);
        let outcome = outcome.map_or_else(|reason| reason.replace('\n', " "), |()| HELD.to_owned());
        format!("{}: {outcome}\n", canary.name)
    };
    held.map(line).collect()
}

/// Compares a report with what `tier` promises.
pub fn judge(tier: Tier, report: &str) -> Result<(), Vec<Breach>> {
    let said = |name: &str| {
        let lines = report.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(canary, _)| *canary == name).map(|(_, outcome)| outcome).collect::<Vec<_>>()
    };
    let breach = |(name, promise): (&'static str, Promise)| {
        let reason = match said(name)[..] {
            [HELD] => return None,
            [reason] => reason.to_owned(),
            [] => "was never reported".to_owned(),
            [..] => "was reported more than once".to_owned(),
        };
        Some(Breach { name: name.to_owned(), promise, reason })
    };
    let breaches: Vec<_> = names(tier).into_iter().filter_map(breach).collect();
    if breaches.is_empty() { Ok(()) } else { Err(breaches) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn flawless(tier: Tier) -> String {
        names(tier).iter().map(|(name, _)| format!("{name}: {HELD}\n")).collect()
    }

    #[test]
    fn a_report_without_a_flaw_is_believed() {
        for tier in Tier::ALL {
            assert_eq!(judge(tier, &flawless(tier)), Ok(()));
        }
    }

    #[test]
    fn any_single_canary_that_fails_or_falls_silent_is_a_breach() {
        for tier in Tier::ALL {
            for (name, _) in names(tier) {
                let line = format!("{name}: {HELD}\n");
                let failed = flawless(tier).replace(&line, &format!("{name}: it went through\n"));
                let silent = flawless(tier).replace(&line, "");
                for report in [failed, silent] {
                    let breaches = judge(tier, &report).unwrap_err();
                    assert_eq!(breaches.len(), 1);
                    assert_eq!(breaches[0].name, name);
                }
            }
        }
    }

    #[test]
    fn names_are_unique() {
        let names: Vec<_> = all().map(|canary| canary.name).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
    }
}
