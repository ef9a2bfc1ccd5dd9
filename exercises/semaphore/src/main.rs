//! Workers in processes of their own pass through one semaphore.
//!
//!     cargo run -p semaphore -- --workers 5 --permits 3 --meet 3 --fail 2
//!
//! Inside, the first `--meet` workers wait for one another. As many as there
//! are permits can meet; one more never can. With `--signal 1` there is one worker, which gets
//! two signals while it waits, and then a permit from main. With `--hand-on 1` a worker takes all
//! permits, and main gives them back, and one more. With `--wake 4` four workers wait, and main
//! gives as many permits, one right after the other.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::exit;

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::sys::wait::{WaitStatus, wait, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use semaphore::{Semaphore, with_permit};
use stage::{Arguments, Gate, Meeting, event, until_asleep};

/// What the error of a job that fails says.
const TOLD_TO_FAIL: &str = "this job was told to fail";

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&[
        "workers", "permits", "meet", "fail", "panic", "signal", "hand-on", "wake",
    ]);
    let workers = arguments.get("workers", 5);
    let permits = arguments.get("permits", 3);
    // The numbers of the workers whose job ends in an error, and in a panic.
    let fail = arguments.list("fail", Vec::<usize>::new());
    let panic = arguments.list("panic", Vec::<usize>::new());

    let semaphore = Semaphore::new(permits)?;
    let meeting = Meeting::new(arguments.get("meet", 1))?;
    event("main", format_args!("start value={}", semaphore.value()?));

    if arguments.get("signal", 0) > 0 {
        return wait_through_a_signal(&semaphore);
    }
    if arguments.get("hand-on", 0) > 0 {
        return hand_on(&semaphore, permits);
    }
    if arguments.get("wake", 0) > 0 {
        return wake_all(semaphore, arguments.get("wake", 0));
    }
    for number in 1..=workers {
        // SAFETY: this process has one thread, so the child may do whatever the parent may.
        match unsafe { fork() }? {
            ForkResult::Child => {
                let job =
                    || work(number, &meeting, fail.contains(&number), panic.contains(&number));
                let ended = catch_unwind(AssertUnwindSafe(|| with_permit(&semaphore, job)));
                let how = match ended {
                    Ok(Ok(())) => "done",
                    Ok(Err(error)) if is_told(&error) => "failed",
                    Ok(Err(_)) => "failed otherwise",
                    Err(panic) if panic.downcast_ref() == Some(&number) => "panicked",
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
    event("main", format_args!("end value={}", semaphore.value()?));
    Ok(())
}

/// A worker waits for a permit, and two signals come that it handles; then main gives the permit.
fn wait_through_a_signal(semaphore: &Semaphore) -> io::Result<()> {
    extern "C" fn ignore(_: i32) {}
    let ready = Gate::new()?;
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => {
            // Without SA_RESTART: the kernel ends what it interrupts.
            let action =
                SigAction::new(SigHandler::Handler(ignore), SaFlags::empty(), SigSet::empty());
            // SAFETY: the handler does nothing.
            unsafe { sigaction(Signal::SIGUSR1, &action) }?;
            ready.open()?;
            match semaphore.acquire() {
                Ok(()) => event("worker-1", "acquired"),
                Err(error) => event("worker-1", format_args!("failed: {error}")),
            }
            exit(0)
        }
        ForkResult::Parent { child } => {
            ready.pass()?;
            until_asleep(child.as_raw());
            for _ in 0..2 {
                kill(child, Signal::SIGUSR1)?;
                until_asleep(child.as_raw());
            }
            semaphore.release()?;
            wait()?;
            event("main", format_args!("end value={}", semaphore.value()?));
            Ok(())
        }
    }
}

/// A worker takes all permits and keeps them; main gives them back, and one more.
fn hand_on(semaphore: &Semaphore, permits: usize) -> io::Result<()> {
    let (taken, enough) = (Gate::new()?, Gate::new()?);
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => {
            (0..permits).try_for_each(|_| semaphore.acquire())?;
            taken.open()?;
            enough.pass()?;
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
            let another = Semaphore::new(2)?;
            another.acquire()?;
            tell("beside")?;
            enough.open()?;
            wait()?;
            Ok(())
        }
    }
}

/// A process drops its semaphore. Then others wait, and as many permits come as there are of them.
fn wake_all(semaphore: Semaphore, sleepers: usize) -> io::Result<()> {
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
    let sleepers = (0..sleepers).map(|_| {
        // SAFETY: as above.
        match unsafe { fork() }? {
            ForkResult::Child => exit(i32::from(semaphore.acquire().is_err())),
            ForkResult::Parent { child } => Ok(child),
        }
    });
    let sleepers: Vec<Pid> = sleepers.collect::<io::Result<_>>()?;
    sleepers.iter().for_each(|pid| until_asleep(pid.as_raw()));
    event("main", format_args!("waiting value={}", semaphore.value()?));
    sleepers.iter().try_for_each(|_| semaphore.release())?;
    let mut woken = 0;
    for pid in sleepers {
        woken += usize::from(matches!(waitpid(pid, None)?, WaitStatus::Exited(_, 0)));
    }
    event("main", format_args!("woken={woken} value={}", semaphore.value()?));
    Ok(())
}

/// What a worker does while it holds a permit.
fn work(number: usize, meeting: &Meeting, fails: bool, panics: bool) -> io::Result<()> {
    let who = format!("worker-{number}");
    event(&who, "enter");
    meeting.meet()?;
    event(&who, "leave");
    if panics {
        // Unwinds as a panic does, without the message.
        resume_unwind(Box::new(number));
    }
    if fails { Err(io::Error::new(io::ErrorKind::NotFound, TOLD_TO_FAIL)) } else { Ok(()) }
}

/// Whether this is the very error of a job that fails.
fn is_told(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound && error.to_string() == TOLD_TO_FAIL
}
