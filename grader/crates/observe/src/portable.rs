//! Watches a run where ptrace is refused, from `/proc` alone.
//!
//! Processes are noticed only when they happen to be alive at a look, so their
//! number, their exits and who reaped them are not known; the observation says so.
//! The bounds hold, and no process of the run survives it.

use std::collections::BTreeMap;
use std::time::Duration;

use jail::trace::{Status, Waited, reap};
use jail::{Pid, Suspended};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use observation::{Diagnosis, Exit, Fact, Limits, Observation, Unsure};

use crate::mappings::all_processes;
use crate::proc::{self, Stat};
use crate::shared::{Shared, State};
use crate::streams::Streams;
use crate::watch::{Ending, Progress};
use crate::{ObserveError, Surroundings, verdict};

/// Runs a suspended program within `limits` without tracing it.
pub(crate) fn watch(
    suspended: Suspended,
    mut streams: Streams,
    limits: &Limits,
    surroundings: Surroundings,
    refusal: Errno,
) -> Result<Observation, ObserveError> {
    let shared = Shared::new(limits.processes, surroundings, Diagnosis::Verdict);
    // Orphans then come to us, and can be found and ended.
    let _ = nix::sys::prctl::set_child_subreaper(true);
    let root = suspended.pid();
    shared.lock().family.begin(root.as_raw(), root.as_raw());
    let mut crowd = Crowd { root: root.as_raw(), members: BTreeMap::new() };
    crowd.look(&shared);
    if let Err(error) = suspended.resume() {
        while reap(root)?.is_none() {
            streams.wait(None, Some(TICK), limits.output);
        }
        return Err(error.into());
    }
    let (mut ending, mut progress) = (None, Progress::default());
    loop {
        streams.wait(None, Some(TICK), limits.output);
        if let Some(waited) = reap(root)? {
            root_ended(&mut shared.lock(), &waited, shared.now(), ending.is_some());
            break;
        }
        crowd.look(&shared);
        if ending.is_none() {
            ending = check(&shared, &streams, limits, &crowd, &mut progress);
            if ending.is_some() {
                let _ = kill(root, Signal::SIGKILL);
            }
        }
    }
    crowd.look(&shared);
    shared.lock().family.outlive_run();
    crowd.end();
    streams.drain(limits.output);
    Ok(verdict::conclude(shared, streams, ending, unsure(refusal)))
}

/// Time between two looks.
const TICK: Duration = Duration::from_millis(5);

fn unsure(refusal: Errno) -> Vec<Unsure> {
    let why = format!("ptrace is refused on this host ({refusal})");
    let facts = [
        (Fact::Processes, "short-lived processes and all threads go unseen"),
        (Fact::Reaping, "zombies cannot be told from reaped children"),
        (Fact::Deadlock, "a hang can only be waited for"),
        (Fact::Places, "no stack can be read"),
        (Fact::Resources, "only what reaped processes used is counted"),
    ];
    facts.map(|(fact, so)| Unsure { fact, reason: format!("{why}: {so}") }).to_vec()
}

fn root_ended(state: &mut State, waited: &Waited, at: Duration, by_us: bool) {
    let exit = match waited.status {
        Status::Exited(code) => Exit::Code(code),
        Status::Killed(signal) | Status::Stopped { signal, .. } => Exit::Signal(signal),
    };
    if by_us {
        state.family.doom(waited.pid.as_raw());
    } else {
        state.root_ended = Some(at);
    }
    state.family.ended(waited.pid.as_raw(), exit, waited.usage, at);
}

fn check(
    shared: &Shared,
    streams: &Streams,
    limits: &Limits,
    crowd: &Crowd,
    progress: &mut Progress,
) -> Option<Ending> {
    let (now, cpu) = (shared.now(), crowd.cpu_time());
    let (tasks, count) = {
        let state = shared.lock();
        (state.family.generation(), state.family.tasks_alive())
    };
    progress.note(now, cpu, (streams.bytes(), tasks));
    if streams.exceed(limits.output) {
        Some(Ending::Output)
    } else if count > limits.processes {
        shared.lock().too_many = true;
        Some(Ending::Output)
    } else if cpu >= limits.cpu {
        Some(Ending::Cpu { burning: progress.burning(now, cpu, Duration::ZERO) })
    } else if now >= limits.wall {
        let burning = progress.burning(now, cpu, Duration::ZERO);
        Some(Ending::Wall { found: now, burning, why_open: None, graph: None })
    } else {
        None
    }
}

/// The processes of a run, as far as they were noticed.
struct Crowd {
    root: i32,
    /// The moment of birth tells a process from a later one with the same number.
    members: BTreeMap<i32, u64>,
}

impl Crowd {
    /// Notes who has come and who has gone.
    fn look(&mut self, shared: &Shared) {
        let seen: BTreeMap<i32, Stat> =
            all_processes().into_iter().filter_map(|pid| Some((pid, proc::stat(pid)?))).collect();
        let mut state = shared.lock();
        let gone: Vec<_> = self.members.iter().map(|(pid, born)| (*pid, *born)).collect();
        for (pid, born) in gone {
            let lives =
                seen.get(&pid).is_some_and(|stat| stat.started == born && stat.state != 'Z');
            if !lives && pid != self.root {
                self.members.remove(&pid);
                state.family.lost(pid, shared.now());
            }
        }
        // A child may be listed before its parent: look until nobody new is found.
        while let Some((pid, stat)) = seen.iter().find(|(pid, stat)| self.is_new(**pid, stat)) {
            self.members.insert(*pid, stat.started);
            if *pid != self.root {
                state.family.forked(*pid, *pid, stat.parent, shared.now());
            }
        }
    }

    fn is_new(&self, pid: i32, stat: &Stat) -> bool {
        let belongs = pid == self.root
            || stat.session == self.root
            || self.members.contains_key(&stat.parent);
        belongs && stat.state != 'Z' && !self.members.contains_key(&pid)
    }

    fn cpu_time(&self) -> Duration {
        self.members.keys().filter_map(|pid| proc::cpu_time(*pid)).sum()
    }

    /// Kills all, and reaps those that came to us.
    fn end(&mut self) {
        loop {
            let alive: Vec<_> = self
                .members
                .iter()
                .filter(|(pid, born)| {
                    proc::stat(**pid)
                        .is_some_and(|stat| stat.started == **born && stat.state != 'Z')
                })
                .map(|(pid, _)| *pid)
                .collect();
            for pid in self.members.keys() {
                let _ = reap(Pid::from_raw(*pid));
            }
            if alive.is_empty() {
                return;
            }
            for pid in alive {
                let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
            }
            std::thread::yield_now();
        }
    }
}
