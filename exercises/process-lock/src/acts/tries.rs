//! Tries, which never wait.

use std::io;
use std::process::exit;

use nix::sys::wait::{WaitStatus, wait, waitpid};
use nix::unistd::{ForkResult, fork};
use process_lock::{ProcessLock, with_lock};
use stage::{Gate, event};

use crate::start;

pub fn try_in_a_child(lock: &ProcessLock) -> io::Result<()> {
    let second = ProcessLock::new()?;
    in_a_child(lock, || try_while_taken(lock, &second))
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
