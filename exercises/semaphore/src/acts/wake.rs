//! Several who wait at the same time.

use std::io;
use std::process::exit;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, wait, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use semaphore::Semaphore;
use stage::{event, until_asleep};

/// A process drops its semaphore, of which main has a permit. Then others wait. While they are
/// stopped, one more gives a permit and takes one: one of them all gets it. Then as many permits come
/// as there are who wait.
pub fn wake_all(semaphore: Semaphore, sleepers: usize) -> io::Result<()> {
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
