//! Processes with numbers print them under one lock.
//!
//!     cargo run -p process-lock -- --processes 10
//!
//! Inside, the first `--meet` processes wait for one another: two never can meet. One process
//! may be unlucky: the job of `--fail` ends in an error, that of `--panic` in a panic, and
//! `--die` is killed in it. It is the first to be inside, and the others come while it is there.
//! With `--try 1` the first stays inside until another has tried to get in without waiting. With
//! `--signal 1` a process gets many signals while it waits for the lock, which main holds. With
//! `--left 1` processes end while they hold the lock and nobody waits for it. With `--maker 1` the
//! process that made the lock is killed inside, and one of those that wait before it. With
//! `--cross 1` two processes each hold one lock and ask for the other's.

use std::error::Error;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::exit;

use nix::sys::prctl::set_child_subreaper;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, raise, sigaction};
use nix::sys::wait::{WaitStatus, wait, waitpid};
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

/// How many signals one process gets.
const SIGNALS: usize = 20;

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
    if arguments.get("try", 0) > 0 {
        let second = ProcessLock::new()?;
        return in_a_child(&lock, || try_while_taken(&lock, &second));
    }
    if arguments.get("signal", 0) > 0 {
        return wait_through_a_signal(&lock);
    }
    if arguments.get("left", 0) > 0 {
        return leave_it_held(&lock);
    }
    if arguments.get("maker", 0) > 0 {
        return kill_the_maker();
    }
    if arguments.get("cross", 0) > 0 {
        return ask_crosswise(&lock, &ProcessLock::new()?);
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

/// Processes end while they hold the lock, killed or by themselves. Nobody waits for it; whoever
/// comes later gets it, and it is as good as before.
fn leave_it_held(lock: &ProcessLock) -> io::Result<()> {
    let through = |who: &str, job: &dyn Fn() -> io::Result<()>| {
        let pid = start(who, || Ok(()), job)?;
        waitpid(pid, None)?;
        io::Result::Ok(())
    };
    through("killed", &|| {
        lock.acquire()?;
        raise(Signal::SIGKILL).map_err(io::Error::from)
    })?;
    through("second", &|| with_lock(lock, || Ok(())))?;
    through("ended", &|| lock.acquire())?;
    through("fourth", &|| {
        let free = lock.try_acquire()?;
        event("fourth", format_args!("free={free}"));
        if free { lock.release() } else { Ok(()) }
    })?;
    through("last", &|| with_lock(lock, || Ok(())))
}

/// The process that made a lock is killed inside. It has used the lock before; of its children one
/// has dropped it, one lives on and never uses it, and of three that wait the first is killed. The
/// others get through, twice.
fn kill_the_maker() -> io::Result<()> {
    // Whoever loses its parent is waited for here.
    set_child_subreaper(true)?;
    let through = [Gate::new()?, Gate::new()?];
    start("maker", || Ok(()), || make_and_be_killed(&through))?;
    through.iter().try_for_each(Gate::pass)?;
    while wait().is_ok() {}
    Ok(())
}

fn make_and_be_killed(through: &[Gate; 2]) -> io::Result<()> {
    let lock = ProcessLock::new()?;
    with_lock(&lock, || Ok(()))?;
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    if let ForkResult::Child = unsafe { fork() }? {
        {
            let _dropped = lock;
        }
        exit(0)
    }
    wait()?;

    let go = [Gate::new()?, Gate::new()?, Gate::new()?];
    let waits = |who: &str, go: &Gate, last: Option<&Gate>| {
        let enter = || {
            event(who, "enter");
            event(who, "leave");
            Ok(())
        };
        let twice = || {
            go.pass()?;
            with_lock(&lock, enter)?;
            with_lock(&lock, enter)
        };
        start(who, || last.map_or(Ok(()), Gate::open), twice)
    };
    let pids = [
        waits("first", &go[0], None)?,
        waits("second", &go[1], Some(&through[0]))?,
        waits("third", &go[2], Some(&through[1]))?,
    ];
    start("bystander", || Ok(()), || through.iter().try_for_each(Gate::pass))?;
    with_lock(&lock, || {
        event("maker", "enter");
        for (pid, go) in pids.iter().zip(&go) {
            go.open()?;
            until_asleep(pid.as_raw());
        }
        kill(pids[0], Signal::SIGKILL)?;
        waitpid(pids[0], None)?;
        // If another has got in now, it says so.
        pids[1..].iter().for_each(|pid| until_asleep(pid.as_raw()));
        event("maker", "leave");
        raise(Signal::SIGKILL).map_err(io::Error::from)
    })
}

/// Two processes each hold one lock and ask for the other's. They wait for ever, unless the kernel
/// tells one of them (`EDEADLK`), which then does nothing and lets go.
fn ask_crosswise(one: &ProcessLock, other: &ProcessLock) -> io::Result<()> {
    let meeting = Meeting::new(2)?;
    for (who, first, second) in [("one", one, other), ("other", other, one)] {
        let both = || {
            meeting.meet()?;
            with_lock(second, || {
                event(who, "both");
                Ok(())
            })
        };
        start(who, || Ok(()), || with_lock(first, both))?;
    }
    while wait().is_ok() {}
    Ok(())
}

/// Does `act` in a child that has used the lock, and whose children inherit what it has.
fn in_a_child(lock: &ProcessLock, act: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    if let ForkResult::Child = unsafe { fork() }? {
        let done = with_lock(lock, || Ok(())).and_then(|()| act());
        if let Err(error) = &done {
            eprintln!("{error}");
        }
        exit(i32::from(done.is_err()))
    }
    match wait()? {
        WaitStatus::Exited(_, 0) => Ok(()),
        how => Err(io::Error::other(format!("the child failed: {how:?}"))),
    }
}

/// One process tries while another holds the lock, also when that has dropped another lock, and
/// again afterwards, and takes it once more. A second lock has nothing to do with it, nor have
/// those that the two make for themselves.
fn try_while_taken(lock: &ProcessLock, second: &ProcessLock) -> io::Result<()> {
    let (inside, tried, dropped) = (Gate::new()?, Gate::new()?, Gate::new()?);
    let (tried_again, left, held, looked) =
        (Gate::new()?, Gate::new()?, Gate::new()?, Gate::new()?);
    let holder = start(
        "holder",
        || Ok(()),
        || {
            let own = ProcessLock::new()?;
            own.acquire()?;
            with_lock(lock, || {
                inside.open()?;
                tried.pass()?;
                own.release()?;
                {
                    let _dropped = own;
                }
                dropped.open()?;
                tried_again.pass()
            })?;
            left.open()
        },
    )?;
    let other = start(
        "other",
        || held.open(),
        || {
            inside.pass()?;
            event("other", format_args!("while taken={}", lock.try_acquire()?));
            let another = second.try_acquire()?;
            event("other", format_args!("another={another}"));
            if another {
                second.release()?;
            }
            let own = ProcessLock::new()?;
            let free = own.try_acquire()?;
            event("other", format_args!("own={free}"));
            if free {
                own.release()?;
            }
            tried.open()?;
            dropped.pass()?;
            let free = lock.try_acquire()?;
            event("other", format_args!("when dropped={free}"));
            if free {
                lock.release()?;
            }
            tried_again.open()?;
            left.pass()?;
            event("other", format_args!("while free={}", lock.try_acquire()?));
            held.open()?;
            looked.pass()?;
            lock.release()?;
            with_lock(lock, || {
                event("other", "once more");
                Ok(())
            })
        },
    )?;
    held.pass()?;
    let tried = lock.try_acquire()?;
    event("main", format_args!("while tried={tried}"));
    if tried {
        lock.release()?;
    }
    looked.open()?;
    for pid in [holder, other] {
        waitpid(pid, None)?;
    }
    Ok(())
}

/// A process waits for the lock, and signals come that it handles; then main lets go.
fn wait_through_a_signal(lock: &ProcessLock) -> io::Result<()> {
    extern "C" fn ignore(_: i32) {}
    let (ready, taken, back, tried) = (Gate::new()?, Gate::new()?, Gate::new()?, Gate::new()?);
    let waiter = start(
        "waiter",
        || {
            back.open()?;
            tried.pass()
        },
        || {
            // Without SA_RESTART: the kernel ends what it interrupts.
            let action =
                SigAction::new(SigHandler::Handler(ignore), SaFlags::empty(), SigSet::empty());
            // SAFETY: the handler does nothing.
            unsafe { sigaction(Signal::SIGUSR1, &action) }?;
            ready.open()?;
            taken.pass()?;
            match lock.acquire() {
                Ok(()) => event("waiter", "acquired"),
                Err(error) => event("waiter", format_args!("failed: {error}")),
            }
            Ok(())
        },
    )?;
    ready.pass()?;
    lock.acquire()?;
    taken.open()?;
    until_asleep(waiter.as_raw());
    for _ in 0..SIGNALS {
        kill(waiter, Signal::SIGUSR1)?;
        until_asleep(waiter.as_raw());
    }
    lock.release()?;
    // It is back from `acquire`, and keeps the lock.
    back.pass()?;
    event("main", format_args!("while waiter has it={}", lock.try_acquire()?));
    tried.open()?;
    waitpid(waiter, None)?;
    Ok(())
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
