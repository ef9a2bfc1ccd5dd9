use std::fmt::{self, Display, Formatter};
use std::io;
use std::thread::{self, ScopedJoinHandle};

use nix::sys::signal::Signal;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::{ForkResult, fork};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Finished,
    Panicked,
    Exited(i32),
    Killed(i32),
}

impl Display for End {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        use Signal::{SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGKILL, SIGSEGV, SIGTERM};
        match *self {
            End::Finished => f.write_str("finished"),
            End::Panicked => f.write_str("panicked"),
            End::Exited(status) => write!(f, "exited with {status}"),
            End::Killed(number) => match Signal::try_from(number) {
                Ok(signal @ (SIGABRT | SIGBUS | SIGFPE | SIGILL | SIGKILL | SIGSEGV | SIGTERM)) => {
                    write!(f, "killed by {}", signal.as_str())
                }
                _ => write!(f, "killed by signal {number}"),
            },
        }
    }
}

/// Ends the process when it is dropped, also by a panic that passes.
struct EndsHere;

impl Drop for EndsHere {
    fn drop(&mut self) {
        let status = if thread::panicking() { 101 } else { 0 };
        // SAFETY: the end of the child.
        unsafe { libc::_exit(status) }
    }
}

pub fn in_process(task: impl FnOnce()) -> io::Result<End> {
    // SAFETY: a single thread.
    match unsafe { fork() }? {
        ForkResult::Child => {
            let _end = EndsHere;
            task();
            Ok(End::Finished)
        }
        ForkResult::Parent { child } => {
            match uninterrupted(|| Ok(waitid(Id::Pid(child), WaitPidFlag::WEXITED)?))? {
                WaitStatus::Exited(_, 0) => Ok(End::Finished),
                WaitStatus::Exited(_, 101) => Ok(End::Panicked),
                WaitStatus::Exited(_, status) => Ok(End::Exited(status)),
                WaitStatus::Signaled(_, signal, _) => Ok(End::Killed(signal as i32)),
                _ => Err(io::ErrorKind::InvalidData.into()),
            }
        }
    }
}

pub fn in_thread(task: impl FnOnce() + Send) -> io::Result<End> {
    let ended = thread::scope(|scope| {
        thread::Builder::new().spawn_scoped(scope, task).map(ScopedJoinHandle::join)
    })?;
    Ok(ended.map_or(End::Panicked, |()| End::Finished))
}

/// Makes a call once more if a signal came in between.
fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}
