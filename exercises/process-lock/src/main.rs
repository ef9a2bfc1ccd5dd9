//! Processes with numbers print them under one lock.
//!
//!     cargo run -p process-lock -- --processes 10
//!     cargo run -p process-lock -- --processes 4 --die 2
//!
//! Inside, the first `--meet` processes wait for one another: two never can meet. One process
//! may be unlucky: the job of `--fail` ends in an error, that of `--panic` in a panic, and
//! `--die` is killed in it. It is the first to be inside, and the others come while it is there.
//! What other arguments ask for stands in `acts`, for the checks.

mod acts;

use std::error::Error;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::exit;

use nix::sys::signal::{Signal, raise};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};
use process_lock::{ProcessLock, with_lock};
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

/// What a job panics with.
const TOLD_TO_PANIC: i32 = 17;

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&[
        "processes",
        "meet",
        "fail",
        "panic",
        "die",
        "try",
        "signal",
        "left",
        "maker",
        "cross",
    ]);
    let lock = ProcessLock::new()?;
    if let Some(done) = acts::asked(&arguments, &lock) {
        return done;
    }
    let fates = ["fail", "panic", "die"].into_iter();
    let mut unlucky = fates.filter_map(|fate| Some((arguments.list(fate, vec![]).pop()?, fate)));
    all_through(&lock, arguments.get("processes", 10), arguments.get("meet", 1), unlucky.next())?;
    // Whatever has happened to the others, nobody holds it now.
    event("main", if lock.try_acquire()? { "end free" } else { "end taken" });
    Ok(())
}

/// Every process enters once; an unlucky one is the first, and is there until all are done.
fn all_through(
    lock: &ProcessLock,
    processes: usize,
    meet: u8,
    unlucky: Option<(usize, &str)>,
) -> io::Result<()> {
    let meeting = Meeting::new(meet)?;
    let (inside, others_wait, others_done) = (Gate::new()?, Gate::new()?, Gate::new()?);
    let first = unlucky.map(|(number, fate)| {
        let who = format!("process-{number}");
        let ended = || others_done.pass();
        start(&who, ended, || {
            with_lock(lock, || {
                event(&who, "enter");
                inside.open()?;
                others_wait.pass()?;
                event(&who, "leave");
                suffer(fate)
            })
        })
    });
    if first.is_some() {
        inside.pass()?;
    }
    let others = (0..processes).filter(|number| unlucky.is_none_or(|(first, _)| first != *number));
    let others = others.map(|number| {
        let who = format!("process-{number}");
        start(
            &who,
            || Ok(()),
            || {
                with_lock(lock, || {
                    event(&who, "enter");
                    meeting.meet()?;
                    event(&who, "leave");
                    Ok(())
                })
            },
        )
    });
    let others = others.collect::<io::Result<Vec<_>>>()?;
    if first.is_some() {
        others.iter().for_each(|pid| until_asleep(pid.as_raw()));
        others_wait.open()?;
    }
    for pid in others {
        waitpid(pid, None)?;
    }
    others_done.open()?;
    if let Some(pid) = first.transpose()? {
        waitpid(pid, None)?;
    }
    Ok(())
}

fn suffer(fate: &str) -> io::Result<()> {
    match fate {
        "fail" => Err(io::Error::new(io::ErrorKind::NotFound, ToldToFail)),
        // Unwinds as a panic does, without the message.
        "panic" => resume_unwind(Box::new(TOLD_TO_PANIC)),
        _ => raise(Signal::SIGKILL).map_err(io::Error::from),
    }
}

/// Whether this is the very error of a job that fails, not another that says the same.
fn is_told(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
        && error.get_ref().is_some_and(|inner| inner.is::<ToldToFail>())
}

/// Forks a process that does `job`, says how that went, does what is to be done `last`, and ends.
fn start(
    who: &str,
    last: impl FnOnce() -> io::Result<()>,
    job: impl FnOnce() -> io::Result<()>,
) -> io::Result<Pid> {
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => {
            let how = match catch_unwind(AssertUnwindSafe(job)) {
                Ok(Ok(())) => "done",
                Ok(Err(error)) if is_told(&error) => "failed",
                Ok(Err(_)) => "failed otherwise",
                Err(panic) if panic.downcast_ref() == Some(&TOLD_TO_PANIC) => "panicked",
                Err(_) => "panicked otherwise",
            };
            event(who, how);
            exit(i32::from(last().is_err()))
        }
        ForkResult::Parent { child } => Ok(child),
    }
}
