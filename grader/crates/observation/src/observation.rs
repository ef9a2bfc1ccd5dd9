use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Verdict, WaitFor};

/// The version of the serialised form.
pub const SCHEMA: &str = "interleave/observation/v1";

/// Everything that was seen of one run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// Always [`SCHEMA`].
    pub schema: String,
    /// What the operating system's facts alone say: `pass`, `crash`, `leak`, `deadlock`,
    /// `livelock`, `timeout` or `limit`. What the program printed is not judged here.
    pub verdict: Verdict,
    /// One sentence on why, for a person.
    pub reason: String,
    /// How the first process ended; none if it had to be ended by us.
    pub exit: Option<Exit>,
    /// Why the run did not end by itself, if it did not.
    pub hang: Option<Hang>,
    /// From the start to the end of the run.
    #[serde(with = "crate::milliseconds", rename = "wall_ms")]
    pub wall: Duration,
    /// From the moment at which the last task blocked to the verdict, for a proved deadlock.
    #[serde(with = "crate::milliseconds::option", rename = "verdict_ms")]
    pub verdict_latency: Option<Duration>,
    /// Standard output.
    pub stdout: Output,
    /// Standard error.
    pub stderr: Output,
    /// Every process of the run in the order of birth; the first is the program itself.
    pub processes: Vec<Process>,
    /// Every thread beyond the first of each process, in the order of birth.
    pub threads: Vec<Thread>,
    /// The largest number of processes alive at once.
    pub peak_processes: u32,
    /// The largest number of threads alive at once over all processes, first threads included.
    pub peak_threads: u32,
    /// Children that ended and were never reaped by their parent before its own end.
    pub zombies: u32,
    /// Processes that outlived their parent or the run; ended by us afterwards.
    pub orphans: u32,
    /// Objects left behind.
    pub leftovers: Vec<Leftover>,
    /// What the run used.
    pub resources: Resources,
    /// Who waited for whom, for a run that hung.
    pub wait_for: Option<WaitFor>,
    /// What could not be seen on this host, and why.
    pub unsure: Vec<Unsure>,
    /// The confinement that held, in words; empty if the program ran unconfined.
    pub confinement: String,
}

impl Observation {
    /// The same without what the program printed: enough for a picture.
    #[must_use]
    pub fn without_output(&self) -> Self {
        let silent = |output: &Output| Output { text: String::new(), ..*output };
        Self { stdout: silent(&self.stdout), stderr: silent(&self.stderr), ..self.clone() }
    }

    /// Why `fact` is not known, if it is not.
    pub fn unsure_of(&self, fact: Fact) -> Option<&str> {
        let unsure = self.unsure.iter().find(|unsure| unsure.fact == fact)?;
        Some(&unsure.reason)
    }
}

/// How a process ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exit {
    /// It returned or called exit: 0 to 255.
    Code(i32),
    /// A signal ended it.
    Signal(i32),
}

/// Why a run did not end by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hang {
    /// Which kind.
    pub kind: HangKind,
    /// One sentence of evidence.
    pub evidence: String,
    /// Why it is a timeout and no deadlock, if all tasks were asleep at the last look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<Doubt>,
}

impl Hang {
    /// One without a doubt.
    pub fn new(kind: HangKind, evidence: String) -> Self {
        Self { kind, evidence, doubt: None }
    }
}

/// Why it is not proved that a run which stands still does so for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Doubt {
    /// A task sleeps for a length of time.
    Nap,
    /// A wait is bounded in time, or a timer or an alarm is set.
    Clock,
    /// Somebody outside of the run could end a wait: who may send a signal, say, or open
    /// what has a name. In a jail there is nobody.
    Outsider,
    /// What a task waits for could not be seen.
    Unseen,
}

/// The ways of not ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HangKind {
    /// Every task was asleep in an untimed wait that only the others could end.
    Deadlock,
    /// Processor time was used up without progress.
    Livelock,
    /// The bound on wall time was reached, and nothing above could be shown.
    Timeout,
    /// A bound was broken.
    Limit(LimitKind),
}

/// A bound that a run can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitKind {
    /// Too much output.
    Output,
    /// Too many processes or threads.
    Processes,
    /// Too much memory.
    Memory,
    /// Too much processor time.
    Cpu,
    /// Too large a file.
    FileSize,
}

/// One output stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// What was kept; invalid UTF-8 was replaced.
    pub text: String,
    /// Bytes written, kept or not.
    pub bytes: u64,
    /// Whether `text` is cut.
    pub truncated: bool,
}

/// Numbers a process within its run, from 1 in the order of birth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProcessId(pub u32);

/// Numbers a thread within its run, from 1 in the order of birth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ThreadId(pub u32);

/// One process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its number within the run.
    pub id: ProcessId,
    /// The number that the program itself saw in `getpid`.
    pub pid: i32,
    /// Who forked it; none for the first.
    pub parent: Option<ProcessId>,
    /// Its last command name.
    pub name: String,
    /// The programs that it executed, in order.
    pub executed: Vec<PathBuf>,
    /// Since the start of the run.
    #[serde(with = "crate::milliseconds", rename = "started_ms")]
    pub started: Duration,
    /// Since the start of the run; none if we had to end it.
    #[serde(with = "crate::milliseconds::option", rename = "ended_ms")]
    pub ended: Option<Duration>,
    /// How it ended; none if we had to end it.
    pub exit: Option<Exit>,
    /// Whether its parent reaped it before its own end; none if that is unknown or,
    /// for the first process, does not apply.
    pub reaped: Option<bool>,
    /// Whether it outlived its parent or the run.
    pub orphan: bool,
    /// What it used itself, without its children; none if nobody could tell.
    pub resources: Option<Resources>,
}

/// One thread beyond the first of its process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// Its number within the run.
    pub id: ThreadId,
    /// The number that the program itself saw in `gettid`.
    pub tid: i32,
    /// The process that it belongs to.
    pub process: ProcessId,
    /// Its last name.
    pub name: String,
    /// Since the start of the run.
    #[serde(with = "crate::milliseconds", rename = "started_ms")]
    pub started: Duration,
    /// Since the start of the run; none if we had to end it.
    #[serde(with = "crate::milliseconds::option", rename = "ended_ms")]
    pub ended: Option<Duration>,
}

/// An object of the operating system that outlived the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leftover {
    /// What it is.
    pub kind: LeftoverKind,
    /// Its name or path.
    pub name: String,
}

/// The kinds of objects that a run can leave behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeftoverKind {
    /// POSIX or System V shared memory.
    SharedMemory,
    /// A POSIX or System V semaphore.
    Semaphore,
    /// A POSIX or System V message queue.
    MessageQueue,
    /// A Unix socket in the file system.
    Socket,
    /// A FIFO.
    Fifo,
    /// An ordinary file.
    File,
}

/// What a run used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resources {
    /// Processor time of all processes in user mode.
    #[serde(with = "crate::milliseconds", rename = "user_ms")]
    pub user: Duration,
    /// Processor time of all processes in the kernel.
    #[serde(with = "crate::milliseconds", rename = "system_ms")]
    pub system: Duration,
    /// Bytes resident at once in the largest process.
    pub peak_memory: u64,
    /// Times that a task gave up the processor by itself.
    pub voluntary_switches: u64,
    /// Times that a task was made to.
    pub involuntary_switches: u64,
}

/// A fact that could not be seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsure {
    /// Which.
    pub fact: Fact,
    /// Why not, and what would help.
    pub reason: String,
}

/// The facts that an observer may be unable to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fact {
    /// Births, deaths and parents of processes and threads.
    Processes,
    /// Which children were reaped by whom.
    Reaping,
    /// Objects left behind.
    Leftovers,
    /// Whether a hang is a deadlock.
    Deadlock,
    /// Lines in the source of who waits where.
    Places,
    /// Processor time, memory and switches.
    Resources,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exits_read_as_code_or_signal() {
        assert_eq!(serde_json::to_string(&Exit::Code(3)).unwrap(), r#"{"code":3}"#);
        assert_eq!(serde_json::to_string(&Exit::Signal(11)).unwrap(), r#"{"signal":11}"#);
    }
}
