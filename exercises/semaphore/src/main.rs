//! Workers in processes of their own pass through one semaphore.
//!
//!     cargo run -p semaphore -- --workers 5 --permits 3 --meet 3 --fail 2
//!
//! Inside, the first `--meet` workers wait for one another. As many as there
//! are permits can meet; one more never can. With `--signal 1` two workers wait, of which the first
//! gets many signals, and main gives a permit to each; with `--signal 2` it gives none. With
//! `--hand-on 1` a worker takes all permits, and main gives them back, and one more. With `--wake 4`
//! four workers wait, a fifth gives a permit and takes one, and main gives as many as still wait,
//! one right after the other. With `--look 100` two processes look so often how many permits there
//! are, while nobody takes any.

use std::error::Error;
use std::fmt;
use std::io::{self, PipeWriter, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::exit;
use std::sync::OnceLock;

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::sys::wait::{WaitPidFlag, WaitStatus, wait, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use semaphore::{Semaphore, with_permit};
use stage::{Arguments, Gate, Meeting, event, until_asleep};

/// What a job fails with.
#[derive(Debug)]
struct ToldToFail;

impl fmt::Display for ToldToFail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this job was told to fail")
    }
}

impl Error for ToldToFail {}

/// The error of the system that a job fails with, if it is not the first.
const DISK_FULL: i32 = libc::ENOSPC;

/// What a job panics with, unless it is with its number.
const TOLD_TO_PANIC: &str = "this job was told to panic";

/// How many signals one worker gets.
const SIGNALS: usize = 20;

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&[
        "workers", "permits", "meet", "fail", "panic", "signal", "hand-on", "wake", "look",
    ]);
    let workers = arguments.get("workers", 5);
    let permits = arguments.get("permits", 3);
    // The numbers of the workers whose job ends in an error, and in a panic: the first with its
    // number, the others with a text.
    let fail = arguments.list("fail", Vec::<usize>::new());
    let panic = arguments.list("panic", Vec::<usize>::new());

    let semaphore = Semaphore::new(permits)?;
    let meeting = Meeting::new(arguments.get("meet", 1))?;
    event("main", format_args!("start value={}", semaphore.value()?));

    if arguments.get("signal", 0) > 0 {
        return wait_through_signals(&semaphore, permits, arguments.get("signal", 0) == 1);
    }
    if arguments.get("hand-on", 0) > 0 {
        return hand_on(&semaphore, permits);
    }
    if arguments.get("wake", 0) > 0 {
        return wake_all(semaphore, arguments.get("wake", 0));
    }
    if arguments.get("look", 0) > 0 {
        return look_together(&semaphore, arguments.get("look", 0));
    }
    for number in 1..=workers {
        // SAFETY: this process has one thread, so the child may do whatever the parent may.
        match unsafe { fork() }? {
            ForkResult::Child => {
                let fate = match panic.iter().position(|&one| one == number) {
                    Some(0) => Fate::PanicWithNumber,
                    Some(_) => Fate::PanicWithText,
                    None if fail.first() == Some(&number) => Fate::Fail,
                    None if fail.contains(&number) => Fate::FailInTheSystem,
                    None => Fate::Live,
                };
                let tidies = matches!(fate, Fate::PanicWithText);
                let job = || work(number, &meeting, fate);
                let ended = catch_unwind(AssertUnwindSafe(|| {
                    let _tidies = tidies.then(|| Tidies { semaphore: &semaphore, word: None });
                    with_permit(&semaphore, job)
                }));
                let how = match ended {
                    Ok(Ok(())) => "done",
                    Ok(Err(error)) if is_told(&error) => "failed",
                    Ok(Err(_)) => "failed otherwise",
                    Err(panic) if panic.downcast_ref() == Some(&number) => "panicked",
                    Err(panic) if panic.downcast_ref() == Some(&TOLD_TO_PANIC) => "panicked",
                    Err(_) => "panicked otherwise",
                };
                event(format_args!("worker-{number}"), how);
                exit(0)
            }
            ForkResult::Parent { .. } => {}
        }
    }
    for _ in 0..workers {
        wait()?;
    }
    let end = semaphore.value()?;
    event("main", format_args!("end value={end}"));
    if !panic.is_empty() && end == permits {
        // Nobody else is there, so that it can be seen what a job takes.
        hold(&semaphore, Some("calm"));
        let _told = catch_unwind(AssertUnwindSafe(|| {
            let _tidies = Tidies { semaphore: &semaphore, word: Some("unwinding") };
            resume_unwind(Box::new(TOLD_TO_PANIC))
        }));
    }
    Ok(())
}

/// Main takes all permits. A worker waits for one, then another; signals come that the first handles, one after the
/// other. Then main gives a permit, one more when somebody has got through, and a third; or none.
fn wait_through_signals(semaphore: &Semaphore, permits: usize, give: bool) -> io::Result<()> {
    static HANDLED: OnceLock<PipeWriter> = OnceLock::new();
    extern "C" fn say(_: i32) {
        // A write of one byte may be made in a handler.
        let _ = HANDLED.get().map(|mut pipe| pipe.write(&[0]));
    }
    (0..permits).try_for_each(|_| semaphore.acquire())?;
    let ready = Gate::new()?;
    let (mut handled, pipe) = io::pipe()?;
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => {
            HANDLED.get_or_init(|| pipe);
            // Without SA_RESTART: the kernel ends what it interrupts.
            let action =
                SigAction::new(SigHandler::Handler(say), SaFlags::empty(), SigSet::empty());
            // SAFETY: the handler makes one system call.
            unsafe { sigaction(Signal::SIGURG, &action) }?;
            ready.open()?;
            match semaphore.acquire() {
                Ok(()) => event("worker-1", "acquired"),
                Err(error) => event("worker-1", format_args!("failed: {error}")),
            }
            exit(0)
        }
        ForkResult::Parent { child } => {
            drop(pipe);
            ready.pass()?;
            until_asleep(child.as_raw());
            // SAFETY: as above.
            let behind = match unsafe { fork() }? {
                ForkResult::Child => exit(i32::from(semaphore.acquire().is_err())),
                ForkResult::Parent { child } => child,
            };
            until_asleep(behind.as_raw());
            let mut signals = 0;
            // A worker that did not wait has ended, and handles no more of them.
            while signals < SIGNALS {
                kill(child, Signal::SIGURG)?;
                if handled.read(&mut [0])? == 0 {
                    break;
                }
                signals += 1;
                until_asleep(child.as_raw());
            }
            event("main", format_args!("handled signals={signals}"));
            for _ in [child, behind] {
                if give {
                    semaphore.release()?;
                }
                // Whoever it is.
                wait()?;
            }
            event("main", format_args!("end value={}", semaphore.value()?));
            semaphore.release()?;
            event("main", format_args!("one-more value={}", semaphore.value()?));
            Ok(())
        }
    }
}

/// A worker takes all permits and keeps them; main gives them back, and one more. Then each makes a
/// semaphore of its own.
fn hand_on(semaphore: &Semaphore, permits: usize) -> io::Result<()> {
    let (taken, enough, made) = (Gate::new()?, Gate::new()?, Gate::new()?);
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => {
            (0..permits).try_for_each(|_| semaphore.acquire())?;
            taken.open()?;
            enough.pass()?;
            {
                let own = Semaphore::new(1)?;
                event("worker-1", format_args!("own value={}", own.value()?));
            }
            made.open()?;
            exit(0)
        }
        ForkResult::Parent { .. } => {
            taken.pass()?;
            let tell = |when| {
                event("main", format_args!("{when} value={}", semaphore.value()?));
                io::Result::Ok(())
            };
            tell("taken")?;
            (0..permits).try_for_each(|_| semaphore.release())?;
            tell("given-back")?;
            semaphore.release()?;
            tell("one-more")?;
            let another = Semaphore::new(5)?;
            event("main", format_args!("another value={}", another.value()?));
            enough.open()?;
            made.pass()?;
            another.acquire()?;
            tell("beside")?;
            wait()?;
            Ok(())
        }
    }
}

/// A process drops its semaphore, of which main has a permit. Then others wait. While they are
/// stopped, one more gives a permit and takes one: one of them all gets it. Then as many permits come
/// as there are who wait.
fn wake_all(semaphore: Semaphore, sleepers: usize) -> io::Result<()> {
    semaphore.release()?;
    semaphore.acquire()?;
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => {
            {
                let _dropped = semaphore;
            }
            exit(0)
        }
        ForkResult::Parent { child } => waitpid(child, None)?,
    };
    let come = |brings: bool| {
        // SAFETY: as above.
        match unsafe { fork() }? {
            ForkResult::Child => {
                let brought = if brings { semaphore.release() } else { Ok(()) };
                exit(i32::from(brought.and_then(|()| semaphore.acquire()).is_err()))
            }
            ForkResult::Parent { child } => {
                until_asleep(child.as_raw());
                io::Result::Ok(child)
            }
        }
    };
    let mut waiting = (0..sleepers).map(|_| come(false)).collect::<io::Result<Vec<_>>>()?;
    keep_who_waits(&mut waiting)?;
    event("main", format_args!("waiting={} value={}", waiting.len(), semaphore.value()?));
    let sleeping = waiting.clone();
    sleeping.iter().try_for_each(|&pid| kill(pid, Signal::SIGSTOP))?;
    waiting.push(come(true)?);
    sleeping.iter().try_for_each(|&pid| kill(pid, Signal::SIGCONT))?;
    let first = wait()?.pid();
    waiting.retain(|&pid| Some(pid) != first);
    waiting.iter().for_each(|pid| until_asleep(pid.as_raw()));
    keep_who_waits(&mut waiting)?;
    event("main", format_args!("left={} value={}", waiting.len(), semaphore.value()?));
    waiting.iter().try_for_each(|_| semaphore.release())?;
    let mut woken = 0;
    for pid in waiting {
        woken += usize::from(matches!(waitpid(pid, None)?, WaitStatus::Exited(_, 0)));
    }
    event("main", format_args!("woken={woken} value={}", semaphore.value()?));
    Ok(())
}

/// Takes out those who have ended.
fn keep_who_waits(waiting: &mut Vec<Pid>) -> io::Result<()> {
    let mut still = Vec::new();
    for &pid in &*waiting {
        if waitpid(pid, Some(WaitPidFlag::WNOHANG))? == WaitStatus::StillAlive {
            still.push(pid);
        }
    }
    *waiting = still;
    Ok(())
}

/// Two processes look how many permits there are, at the same time.
fn look_together(semaphore: &Semaphore, looks: usize) -> io::Result<()> {
    let meeting = Meeting::new(2)?;
    let look = |who| {
        meeting.meet()?;
        let seen = (0..looks).map(|_| semaphore.value()).collect::<io::Result<Vec<_>>>()?;
        let (least, most) = (seen.iter().min().unwrap_or(&0), seen.iter().max().unwrap_or(&0));
        event(who, format_args!("saw least={least} most={most}"));
        io::Result::Ok(())
    };
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => exit(i32::from(look("worker-1").is_err())),
        ForkResult::Parent { .. } => look("main")?,
    }
    wait()?;
    Ok(())
}

/// How a job ends.
enum Fate {
    Live,
    Fail,
    FailInTheSystem,
    PanicWithNumber,
    PanicWithText,
}

/// What a worker does while it holds a permit.
fn work(number: usize, meeting: &Meeting, fate: Fate) -> io::Result<()> {
    let who = format!("worker-{number}");
    event(&who, "enter");
    meeting.meet()?;
    event(&who, "leave");
    match fate {
        Fate::Live => Ok(()),
        Fate::Fail => Err(io::Error::new(io::ErrorKind::NotFound, ToldToFail)),
        Fate::FailInTheSystem => Err(io::Error::from_raw_os_error(DISK_FULL)),
        // Both unwind as a panic does, without the message.
        Fate::PanicWithNumber => resume_unwind(Box::new(number)),
        Fate::PanicWithText => resume_unwind(Box::new(TOLD_TO_PANIC)),
    }
}

/// Whether this is the very error of a job that fails, not another that says the same.
fn is_told(error: &io::Error) -> bool {
    error.raw_os_error() == Some(DISK_FULL)
        || error.kind() == io::ErrorKind::NotFound
            && error.get_ref().is_some_and(|inner| inner.is::<ToldToFail>())
}

/// Holds a permit for a moment when it is dropped, while a panic unwinds.
struct Tidies<'a> {
    semaphore: &'a Semaphore,
    /// With which word it tells how many are free meanwhile.
    word: Option<&'static str>,
}

impl Drop for Tidies<'_> {
    fn drop(&mut self) {
        hold(self.semaphore, self.word);
    }
}

/// Holds a permit for a moment.
fn hold(semaphore: &Semaphore, word: Option<&str>) {
    let job = || {
        if let Some(word) = word {
            event("main", format_args!("{word} value={}", semaphore.value()?));
        }
        Ok(())
    };
    if let Err(error) = with_permit(semaphore, job) {
        event("somebody", format_args!("tidies: {error}"));
    }
}
