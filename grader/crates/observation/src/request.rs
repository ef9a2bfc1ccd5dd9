use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A program to run, and the bounds within which it may.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The executable; looked up nowhere, so absolute or relative to `directory`.
    pub program: PathBuf,
    /// The arguments after the program's own name.
    pub args: Vec<String>,
    /// The whole environment: nothing is inherited.
    pub environment: BTreeMap<String, String>,
    /// Where the program starts; the caller's own directory if absent.
    pub directory: Option<PathBuf>,
    /// What stands on standard input, which ends after it.
    pub stdin: Vec<u8>,
    /// The bounds of the run.
    pub limits: Limits,
    /// How much is found out about a run that hangs.
    #[serde(default)]
    pub diagnosis: Diagnosis,
}

/// How much is found out about a run that hangs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Diagnosis {
    /// Who waits where for whom; most of the cost of a deadlock is finding the lines.
    #[default]
    Full,
    /// That it hangs, and how: enough where it is meant to. Of who is outside of the run,
    /// and could end a wait, nothing is thought.
    Verdict,
}

impl Request {
    /// A run of `program` without arguments, environment or input, under the usual limits.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            environment: BTreeMap::new(),
            directory: None,
            stdin: Vec::new(),
            limits: Limits::default(),
            diagnosis: Diagnosis::Full,
        }
    }
}

/// The bounds of one run. Each only stops what has gone wrong; none is meant to be near.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Wall time of the whole run.
    #[serde(with = "crate::milliseconds", rename = "wall_ms")]
    pub wall: Duration,
    /// CPU time of the whole tree of processes.
    #[serde(with = "crate::milliseconds", rename = "cpu_ms")]
    pub cpu: Duration,
    /// Bytes of address space per process.
    pub memory: u64,
    /// Processes and threads alive at once.
    pub processes: u64,
    /// Bytes kept of each output stream; one byte more ends the run.
    pub output: u64,
    /// Bytes of the largest file that the program may write.
    pub file_size: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall: Duration::from_secs(10),
            // Hundreds of times what a lesson's program needs, and independent of how busy
            // the machine is: a program that spins is found out by this, long before `wall`.
            cpu: Duration::from_secs(2),
            memory: 4 << 30,
            processes: 256,
            output: 1 << 20,
            file_size: 16 << 20,
        }
    }
}
