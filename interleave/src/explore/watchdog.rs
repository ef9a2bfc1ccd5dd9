//! Ends an exploration that cannot end by itself, with a report.
//!
//! A thread that computes for ever, recurses without a bound or panics while it unwinds never
//! comes back to the explorer. So a second thread of the operating system looks on; when it
//! has to act, it writes the report and ends the process.

#![expect(unsafe_code, reason = "signal handlers, and a look at a thread that is stuck")]

use std::io::Write;
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

use super::{Explore, test};
use crate::engine::{self, Run};
use crate::finding::{Report, Verdict};

/// Processor time that a thread may use between two operations that others could notice.
const STEP_TIME: Duration = Duration::from_secs(4);

/// How often the watchdog looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Looks in a row, 30 s of them, that may find the thread asleep. Not real time: a machine
/// that is too busy to run the thread, or a process that was stopped, proves nothing.
const ASLEEP: u32 = 600;

/// Bytes that the process may grow by.
const MEMORY: u64 = 3 << 30;

/// The signal that the exploring thread was stopped by; 0 if none.
static CRASHED: AtomicI32 = AtomicI32::new(0);

/// The thread of the operating system that explores; 0 if none does.
static EXPLORER: AtomicI32 = AtomicI32::new(0);

static WATCHED: Mutex<Option<Watched>> = Mutex::new(None);

struct Watched {
    name: String,
    seed: u64,
    run: RunAddress,
    steps: u64,
    /// At the last step.
    processor_time: Option<Duration>,
    /// Looks in a row that found the thread asleep since then.
    asleep: u32,
    memory: u64,
}

/// Where the state of the schedule lies, in the exploring thread's own memory.
struct RunAddress(*mut Option<Run>);

// SAFETY: only read once the exploring thread is stuck, see `Watched::report`.
unsafe impl Send for RunAddress {}

/// Ends the watch when it is dropped.
pub(super) struct Watch(());

/// Watches the exploration that the calling thread begins.
pub(super) fn watch(settings: &Explore) -> Watch {
    static START: Once = Once::new();
    START.call_once(|| {
        install_handlers();
        let look_on = std::thread::Builder::new().name("interleave-watchdog".into()).spawn(look_on);
        // Without it, what cannot end by itself does not end.
        drop(look_on);
    });
    // SAFETY: takes nothing and always succeeds.
    let thread = unsafe { libc::gettid() };
    let watched = Watched {
        name: settings.name.clone(),
        seed: settings.seed,
        run: RunAddress(engine::run_address()),
        steps: 0,
        processor_time: None,
        asleep: 0,
        memory: resident(),
    };
    *WATCHED.lock().unwrap_or_else(PoisonError::into_inner) = Some(watched);
    EXPLORER.store(thread, Ordering::SeqCst);
    Watch(())
}

impl Drop for Watch {
    fn drop(&mut self) {
        EXPLORER.store(0, Ordering::SeqCst);
        *WATCHED.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Steps of all schedules so far: the sign of life.
pub(crate) static STEPS: AtomicU64 = AtomicU64::new(0);

fn look_on() {
    loop {
        std::thread::sleep(PAUSE);
        let mut watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(watched) = watched.as_mut() else { continue };
        let signal = CRASHED.load(Ordering::SeqCst);
        if signal != 0 {
            watched.crashed(signal);
        }
        if resident().saturating_sub(watched.memory) > MEMORY {
            let message = format!("uses more than {} GiB of memory", MEMORY >> 30);
            watched.report(Verdict::Limit, |_, _| message);
        }
        watched.look_for_a_step();
    }
}

impl Watched {
    fn look_for_a_step(&mut self) {
        let (steps, now) = (STEPS.load(Ordering::Relaxed), processor_time());
        let since = self.processor_time.filter(|_| steps == self.steps);
        let Some(since) = since.or_else(|| {
            self.steps = steps;
            self.processor_time = now;
            self.asleep = 0;
            None
        }) else {
            return;
        };
        if now.is_some_and(|now| now.saturating_sub(since) > STEP_TIME) {
            let seconds = STEP_TIME.as_secs();
            self.report(Verdict::Livelock, |thread, place| {
                format!(
                    "{thread} computed for {seconds} s of processor time without doing anything that \
                     another thread could notice: an endless loop, {place}"
                )
            });
        }
        let computed =
            now.is_some_and(|now| now.saturating_sub(since) > Duration::from_millis(100));
        self.asleep = if is_asleep() && !computed { self.asleep + 1 } else { 0 };
        if self.asleep > ASLEEP {
            let seconds = (PAUSE * ASLEEP).as_secs();
            self.report(Verdict::Forbidden, |thread, place| {
                format!(
                    "{thread} has waited for {seconds} s for something that is not explored, {place}: a real lock, \
                     file or socket"
                )
            });
        }
    }

    fn crashed(&self, signal: i32) -> ! {
        match signal {
            libc::SIGABRT => self.report(Verdict::Crash, |thread, place| {
                format!("{thread} aborted the process, {place}: it panicked while it was unwinding, or memory ran out")
            }),
            _ => self.report(Verdict::Crash, |thread, place| {
                let size = engine::task::STACK >> 10;
                format!(
                    "{thread} was ended by signal {signal}, {place}: most often its stack of {size} KiB is used up, \
                     by a recursion without an end"
                )
            }),
        }
    }

    /// Writes the report and ends the process. `message` gets the name of the thread and a
    /// phrase on where it was last seen.
    fn report(&self, verdict: Verdict, message: impl FnOnce(&str, &str) -> String) -> ! {
        let mut report = Report::new(&self.name, self.seed);
        report.verdict = verdict;
        // SAFETY: the exploring thread is stuck in code outside of the model or stopped in a
        // signal handler, so it does not change its state; and this process ends below.
        let run = unsafe { (*self.run.0).as_ref() };
        let (mut thread, mut place) = ("the test".to_owned(), "before any operation".to_owned());
        if let Some(run) = run {
            thread = run.task_name(run.current);
            if let Some(at) = run.last_at {
                place = format!("last seen at {}", engine::run::short(at));
            }
            report.schedule = Some(run.schedule.clone());
            report.output.clone_from(&run.output);
            report.notes.extend(run.panics.iter().map(|panic| {
                format!("{} panicked before: {}", run.task_name(panic.task), panic.message)
            }));
        }
        report.message = message(&thread, &place);
        report.schedules = usize::try_from(run.map_or(0, |run| run.epoch)).unwrap_or(0);
        report.failures = 1;
        report.first_failure_at = Some(report.schedules);
        test::publish(&report);
        let _ = writeln!(std::io::stderr(), "\n{}\n\n{report}", self.name);
        // SAFETY: ends the process at once; nothing of it is needed any more.
        unsafe { libc::_exit(101) }
    }
}

/// The processor time of the exploring thread.
fn processor_time() -> Option<Duration> {
    let thread = EXPLORER.load(Ordering::SeqCst);
    let statistics = std::fs::read_to_string(format!("/proc/self/task/{thread}/schedstat")).ok()?;
    statistics.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

/// Whether the exploring thread waits for something, neither running nor stopped.
fn is_asleep() -> bool {
    let thread = EXPLORER.load(Ordering::SeqCst);
    let status = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat"));
    status.is_ok_and(|status| state(&status).is_some_and(|state| matches!(state, 'S' | 'D')))
}

/// The state in a line of `/proc/.../stat`; it follows the name, which can hold anything.
fn state(status: &str) -> Option<char> {
    status.rsplit_once(") ")?.1.chars().next()
}

/// Bytes of memory in use.
fn resident() -> u64 {
    let statistics = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statistics.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    pages.unwrap_or(0) * 4096
}

fn install_handlers() {
    for signal in [libc::SIGSEGV, libc::SIGBUS, libc::SIGABRT] {
        // SAFETY: `stop` only touches atomics and waits, both of which a handler may do; all
        // zeroes is a valid `sigaction`.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = stop as extern "C" fn(libc::c_int) as usize;
            action.sa_flags = libc::SA_ONSTACK | libc::SA_NODEFER;
            libc::sigaction(signal, &raw const action, std::ptr::null_mut());
        }
    }
}

/// Stops the exploring thread for good, for the watchdog to report it. Any other thread dies
/// as it would have without this handler.
extern "C" fn stop(signal: libc::c_int) {
    // SAFETY: these calls are safe in signal handlers.
    unsafe {
        if libc::gettid() == EXPLORER.load(Ordering::SeqCst) {
            CRASHED.store(signal, Ordering::SeqCst);
            loop {
                libc::pause();
            }
        }
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_of_a_thread_follows_its_name() {
        assert_eq!(state("12 (a) S b) R 1 2 3"), Some('R'));
        assert_eq!(state("12 (waits) S 1 2 3"), Some('S'));
        assert_eq!(state(""), None);
    }
}
