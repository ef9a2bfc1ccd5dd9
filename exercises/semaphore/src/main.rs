//! Workers in processes of their own pass through one semaphore.
//!
//!     cargo run -p semaphore -- --workers 5 --permits 3 --meet 3 --fail 2
//!
//! Inside, the first `--meet` workers wait for one another. As many as there are permits can meet; one
//! more never can. The jobs of some workers `--fail`, of others `--panic`. What else is done with a
//! semaphore stands in `acts`, for the checks.

mod acts;

use std::error::Error;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::exit;

use nix::sys::wait::wait;
use nix::unistd::{ForkResult, fork};
use semaphore::{Semaphore, with_permit};
use stage::{Arguments, Meeting, event};

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
        return acts::wait_through_signals(&semaphore, permits, arguments.get("signal", 0) == 1);
    }
    if arguments.get("hand-on", 0) > 0 {
        return acts::hand_on(&semaphore, permits);
    }
    if arguments.get("wake", 0) > 0 {
        return acts::wake_all(semaphore, arguments.get("wake", 0));
    }
    if arguments.get("look", 0) > 0 {
        return acts::look_together(&semaphore, arguments.get("look", 0));
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
                    let _tidies =
                        tidies.then(|| acts::Tidies { semaphore: &semaphore, word: None });
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
        acts::hold_while_unwinding(&semaphore);
    }
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
