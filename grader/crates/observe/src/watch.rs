//! Keeps the bounds of a traced run and finds out whether it can go on.

use std::io::{self, PipeReader};
use std::os::fd::OwnedFd;
use std::thread;
use std::time::Duration;

use jail::Suspended;
use observation::{Diagnosis, Limits, Observation, Request, WaitFor};
use rustix::process::{PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use crate::doubt::Doubtful;
use crate::exam::{Alarm, Examined};
use crate::family::TaskRef;
use crate::pace::Pace;
use crate::proc;
use crate::proof::{Attempt, Proof, Stuck, attempt};
use crate::shared::{Exam, Shared};
use crate::streams::Streams;
use crate::tracer::{Traced, trace};
use crate::{ObserveError, Surroundings, graph, portable, proof, verdict};

/// Why we ended a run.
#[derive(Debug)]
pub(crate) enum Ending {
    /// Its wall time was up; `burning` tells whether it used the processor to no effect.
    Wall {
        found: Duration,
        burning: Option<String>,
        why_open: Option<Doubtful>,
        graph: Option<WaitFor>,
    },
    /// Its processor time was up.
    Cpu { burning: Option<String> },
    /// It was proved to go round for ever.
    Livelock { evidence: String, graph: WaitFor, found: Duration },
    /// It wrote too much.
    Output,
    /// It was proved to be unable to go on, this long after it last did.
    Deadlock { graph: WaitFor, found: Duration, latency: Duration },
}

impl Ending {
    /// When the verdict was found, if a diagnosis followed.
    pub(crate) fn found(&self) -> Option<Duration> {
        match self {
            Self::Deadlock { found, .. }
            | Self::Livelock { found, .. }
            | Self::Wall { found, .. } => Some(*found),
            Self::Cpu { .. } | Self::Output => None,
        }
    }
}

/// Runs a suspended program within the limits of `request` to the end of its last process.
///
/// Of `streams`, the other ends must be the program's standard streams and must have
/// been closed by the caller. The program may be confined; it must not be traced.
pub fn watch(
    suspended: Suspended,
    streams: Streams,
    request: &Request,
    surroundings: Surroundings,
) -> Result<Observation, ObserveError> {
    watch_at(suspended, streams, request, surroundings, Pace::default()).map(|(seen, _)| seen)
}

/// The same at a given pace; also says how many attempts at a proof were made.
pub(crate) fn watch_at(
    suspended: Suspended,
    streams: Streams,
    request: &Request,
    surroundings: Surroundings,
    pace: Pace,
) -> Result<(Observation, u64), ObserveError> {
    let limits = &request.limits;
    let shared = Shared::new(limits.processes, surroundings, request.diagnosis);
    let root = Root::of(&suspended)?;
    let (done, bell) = io::pipe()?;
    let (late, awake) = (Duration::ZERO, None);
    let mut watcher = Watcher { shared: &shared, streams, limits, root, pace, late, awake };
    let (traced, ending) = thread::scope(|scope| {
        let tracing = scope.spawn(|| {
            let traced = trace(suspended, &shared);
            drop(bell);
            traced
        });
        let ending = watcher.run(&done);
        (tracing.join(), ending)
    });
    match traced {
        Ok(Traced::Done) => {}
        Ok(Traced::NotStarted(error)) => return Err(error.into()),
        Ok(Traced::Refused(errno, suspended)) => {
            let streams = watcher.streams;
            let seen = portable::watch(suspended, streams, limits, surroundings, errno)?;
            return Ok((seen, 0));
        }
        Err(panic) => std::panic::resume_unwind(panic),
    }
    let (streams, attempts) = (watcher.streams, watcher.pace.attempts());
    Ok((verdict::conclude(shared, streams, ending, Vec::new()), attempts))
}

/// The first process, by a descriptor that never means another one.
struct Root {
    pid: i32,
    descriptor: OwnedFd,
}

impl Root {
    fn of(suspended: &Suspended) -> io::Result<Self> {
        let pid = suspended.pid().as_raw();
        let known = rustix::process::Pid::from_raw(pid).ok_or(io::ErrorKind::InvalidInput)?;
        Ok(Self { pid, descriptor: pidfd_open(known, PidfdFlags::empty())? })
    }
}

/// How late a sleep ends on a host that has nothing else to do.
const SLACK: Duration = Duration::from_millis(1);

/// How many times its bound of wall time a run may take, however busy the host is.
const MOST: u32 = 4;

struct Watcher<'a> {
    shared: &'a Shared,
    streams: Streams,
    limits: &'a Limits,
    root: Root,
    pace: Pace,
    /// How much longer than asked for the sleeps of this thread took in all.
    late: Duration,
    /// Who kept the last attempt at a proof from being one.
    awake: Option<TaskRef>,
}

impl Watcher<'_> {
    /// Watches until the tracing thread is done. Says why the run was ended, if we did.
    fn run(&mut self, done: &PipeReader) -> Option<Ending> {
        self.shared.wait_for_begin(self.limits.wall);
        let mut ending = None;
        let mut progress = Progress::default();
        loop {
            if self.wait(done, ending.is_some()) {
                self.streams.drain(self.limits.output);
                return ending;
            }
            if ending.is_none() && !self.shared.lock().ending {
                ending = self.check(&mut progress);
                if ending.is_some() {
                    self.end();
                }
            }
        }
    }

    /// Takes what is written until it is time for a glance. True once all is over.
    fn wait(&mut self, done: &PipeReader, ending: bool) -> bool {
        let mut now = self.shared.now();
        let glance = now + self.pace.interval(now);
        loop {
            let left = glance.saturating_sub(now);
            let limit = self.limits.output;
            let over = self.streams.wait(Some(done), (!ending).then_some(left), limit);
            let before = std::mem::replace(&mut now, self.shared.now());
            self.late += (now - before).saturating_sub(left + SLACK);
            if over || now >= glance || self.streams.exceed(limit) {
                return over;
            }
        }
    }

    /// The bound of wall time, and what a busy host kept from the run.
    fn wall(&self) -> Duration {
        let kept = (self.delay() + self.late).min((MOST - 1) * self.limits.wall);
        self.limits.wall + kept
    }

    /// Whether it is time to end the run.
    fn check(&mut self, progress: &mut Progress) -> Option<Ending> {
        if self.streams.exceed(self.limits.output) {
            return Some(Ending::Output);
        }
        let (now, cpu) = (self.shared.now(), self.cpu_time());
        let output = self.streams.bytes();
        let (tasks, begun) = {
            let family = &self.shared.lock().family;
            (family.generation(), family.has_begun())
        };
        progress.note(now, cpu, (output, tasks));
        if cpu >= self.limits.cpu {
            return Some(Ending::Cpu { burning: progress.burning(now, cpu, self.delay()) });
        }
        if now >= self.limits.wall && now >= self.wall() {
            return Some(self.time_is_up(progress, now, cpu));
        }
        // Before that it waits for us, which is no deadlock and takes long to find out.
        if !begun {
            return None;
        }
        if !self.pace.glance(cpu, now) {
            // To step through a loop is part of a diagnosis, and dear.
            let wanted = self.shared.diagnosis == Diagnosis::Full;
            return if wanted && progress.suspects_loop(now, cpu) {
                self.livelock(now)
            } else {
                None
            };
        }
        let attempt = attempt(self.shared, &mut self.awake);
        let after = self.shared.now();
        match attempt {
            Attempt::Busy => {
                let look = self.pace.looks_for_loops();
                self.pace.attempted(now, after, true);
                return if look { self.livelock(now) } else { None };
            }
            Attempt::Open(doubtful) => {
                self.pace.attempted(now, after, false);
                progress.why_open = Some(doubtful);
            }
            Attempt::Deadlock(proof) => match self.confirm(&proof) {
                Confirmed::Yes(examined) => {
                    let found = self.shared.now();
                    let latency = found.saturating_sub(self.pace.moved);
                    let graph = self.graph(&examined, &proof.stuck);
                    return Some(Ending::Deadlock { graph, found, latency });
                }
                Confirmed::No { doubtful, retry } => {
                    let now = self.shared.now();
                    self.pace.attempted(after, now, false);
                    self.pace.put_off(now + retry);
                    progress.why_open = Some(doubtful);
                }
            },
        }
        None
    }

    /// Has a last look at who waits, or burns the processor, and where.
    fn time_is_up(&self, progress: &mut Progress, now: Duration, cpu: Duration) -> Ending {
        let graph = self.examine(None).map(|examined| {
            let state = self.shared.lock();
            let asleep = proof::asleep(&state.family, &examined, self.shared);
            let awake = graph::running(&state.family, &examined);
            (graph::wait_for(&state.family, &examined, &asleep), awake)
        });
        let (graph, awake) = graph.unzip();
        let burning = progress.burning(now, cpu, self.delay());
        let burning = burning.map(|evidence| {
            let awake = awake.unwrap_or_default();
            std::iter::once(evidence).chain(awake).collect::<Vec<_>>().join("; ")
        });
        Ending::Wall { found: now, burning, why_open: progress.why_open.take(), graph }
    }

    /// Finds out whether the run only goes round in one place.
    fn livelock(&self, found: Duration) -> Option<Ending> {
        let (runner, proof) = proof::lone_runner(self.shared)?;
        let examined = self.examine(Some(runner))?;
        let others =
            proof.stuck.iter().all(|stuck| examined.interrupted_call(stuck.task.tid).is_some());
        if examined.goes_round && others && alarm_of(&examined, &proof, Some(runner)).is_ok() {
            let mut words = vec!["it goes round for ever without changing anything".to_owned()];
            let state = self.shared.lock();
            words.extend(graph::running(&state.family, &examined));
            let graph = graph::wait_for(&state.family, &examined, &proof.stuck);
            return Some(Ending::Livelock { evidence: words.join("; "), graph, found });
        }
        self.shared.set_exam(Exam::Continue);
        None
    }

    /// Makes sure that no alarm could end what was proved to be without end. The tasks
    /// are held still afterwards if that is so.
    fn confirm(&self, proof: &Proof) -> Confirmed {
        let Some(examined) = self.examine(None) else {
            let doubtful = "the tasks could not be held still".into();
            return Confirmed::No { doubtful, retry: Duration::from_secs(1) };
        };
        // What a signal wakes from `sigwait` shows no event of a signal.
        let asleep =
            proof.stuck.iter().all(|stuck| examined.interrupted_call(stuck.task.tid).is_some());
        let (doubtful, retry) = match alarm_of(&examined, proof, None) {
            Ok(()) if asleep => return Confirmed::Yes(examined),
            Ok(()) => ("a task woke up just then".into(), Duration::ZERO),
            Err(doubt) => doubt,
        };
        self.shared.set_exam(Exam::Continue);
        Confirmed::No { doubtful, retry }
    }

    fn graph(&self, examined: &Examined, stuck: &[Stuck]) -> WaitFor {
        if self.shared.diagnosis == Diagnosis::Verdict {
            return WaitFor::default();
        }
        // Nothing changes while the tasks are held still; the lock is only for reading.
        graph::wait_for(&self.shared.lock().family, examined, stuck)
    }

    /// Has all tasks held still. None if that is not possible.
    fn examine(&self, runner: Option<TaskRef>) -> Option<Examined> {
        self.shared.set_exam(Exam::Requested { runner });
        let sent = pidfd_send_signal(&self.root.descriptor, Signal::STOP);
        if sent.is_err() || !self.shared.wait_for_exam() {
            self.shared.give_up_exam();
            return None;
        }
        match &self.shared.lock().exam {
            Exam::Ready(examined) => Some(examined.clone()),
            _ => None,
        }
    }

    /// How long the tasks were ready to run, but had no processor.
    fn delay(&self) -> Duration {
        let roll = self.shared.lock().family.roll();
        roll.iter().filter_map(|task| proc::delay(task.pid, task.tid)).sum()
    }

    fn cpu_time(&self) -> Duration {
        let (processes, spent) = {
            let state = self.shared.lock();
            (state.family.running_processes(), state.spent)
        };
        processes.into_iter().filter_map(proc::cpu_time).sum::<Duration>() + spent
    }

    /// Kills the first process; the tracing thread then kills all others.
    fn end(&self) {
        let mut state = self.shared.lock();
        if matches!(state.exam, Exam::Ready(_)) {
            drop(state);
            self.shared.set_exam(Exam::End);
            return;
        }
        if !state.ending {
            state.ending = true;
            state.family.note_names(proc::name);
            state.family.doom(self.root.pid);
            // If it has just ended by itself, that is as good.
            let _ = pidfd_send_signal(&self.root.descriptor, Signal::KILL);
        }
    }
}

enum Confirmed {
    Yes(Examined),
    No { doubtful: Doubtful, retry: Duration },
}

/// Whether an alarm, or something that happened since the proof, speaks against it.
fn alarm_of(
    examined: &Examined,
    proof: &Proof,
    runner: Option<TaskRef>,
) -> Result<(), (Doubtful, Duration)> {
    if examined.generation != proof.generation {
        return Err(("it got a signal just then".into(), Duration::ZERO));
    }
    for task in proof.stuck.iter().map(|stuck| stuck.task).chain(runner) {
        match examined.alarms.get(&task.pid) {
            Some(Alarm::Unset) => {}
            Some(Alarm::Set(left)) => return Err((Doubtful::clock("an alarm is set"), *left)),
            Some(Alarm::Unknown) | None => {
                let doubtful = "it cannot be seen whether an alarm is set".into();
                return Err((doubtful, Duration::from_secs(1)));
            }
        }
    }
    Ok(())
}

/// When the run last did something that can be seen from outside.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    signs: (u64, u64),
    since: Duration,
    cpu_then: Duration,
    /// How long it shall run on without progress before that is looked into.
    patience: Duration,
    /// Why the last attempt at a proof failed.
    why_open: Option<Doubtful>,
}

impl Progress {
    pub(crate) fn note(&mut self, now: Duration, cpu: Duration, signs: (u64, u64)) {
        if self.signs != signs {
            let why_open = self.why_open.take();
            *self = Self { signs, since: now, cpu_then: cpu, why_open, patience: Duration::ZERO };
        }
    }

    /// Whether it has used the processor for so long without progress that it may only
    /// go round. Asks for twice as much the next time.
    fn suspects_loop(&mut self, now: Duration, cpu: Duration) -> bool {
        let patience = self.patience.max(Duration::from_millis(100));
        let used = cpu.saturating_sub(self.cpu_then);
        let suspect = used >= patience && now.saturating_sub(self.since) >= patience;
        if suspect {
            self.patience = patience * 2;
        }
        suspect
    }

    /// Evidence that processor time was used up without progress: for most of the run or of
    /// what it used in all, and most of what one processor gives, or gave on a busy host:
    /// `delay` is what the tasks wanted in vain.
    pub(crate) fn burning(&self, now: Duration, cpu: Duration, delay: Duration) -> Option<String> {
        let (quiet, used) = (now - self.since, cpu.saturating_sub(self.cpu_then));
        let long = quiet * 2 >= now || used * 2 >= cpu;
        let hot = used * 2 >= quiet || (used * 20 >= quiet && (used + delay) * 2 >= quiet);
        (long && hot).then(|| {
            format!(
                "it used {:.1} s of processor time in the last {:.1} s, \
                 wrote nothing and started or ended no thread or process",
                used.as_secs_f64(),
                quiet.as_secs_f64()
            )
        })
    }
}
