use std::fmt;
use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use nix::errno::Errno;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, fork};

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It returned.
    Finished,
    /// It panicked, with whatever value. (Not if it caught that panic itself.)
    Panicked,
    /// It ended its process with this status, other than 0. (A 101 may also be taken for a panic.)
    Exited(i32),
    /// This signal ended its process.
    Killed(i32),
}
impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            End::Finished => f.write_str("finished"),
            End::Panicked => f.write_str("panicked"),
            End::Exited(status) => write!(f, "exited with {status}"),
            End::Killed(signal) => match signal {
                libc::SIGABRT => f.write_str("killed by SIGABRT"),
                libc::SIGBUS => f.write_str("killed by SIGBUS"),
                libc::SIGFPE => f.write_str("killed by SIGFPE"),
                libc::SIGILL => f.write_str("killed by SIGILL"),
                libc::SIGKILL => f.write_str("killed by SIGKILL"),
                libc::SIGSEGV => f.write_str("killed by SIGSEGV"),
                libc::SIGTERM => f.write_str("killed by SIGTERM"),
                other => write!(f, "killed by signal {other}"),
            },
        }
    }
}

pub fn in_process(task: impl FnOnce()) -> io::Result<End> {
    let (mut reader, mut writer) = io::pipe()?;
    // SAFETY: the process has one thread.
    match unsafe { fork() }? {
        ForkResult::Child => {
            drop(reader);
            let panicked = catch_unwind(AssertUnwindSafe(task)).is_err();
            let _ = writer.write_all(&[panicked as u8]);
            unsafe { libc::_exit(if panicked { 101 } else { 0 }) }
        }
        ForkResult::Parent { child } => {
            drop(writer);
            // The word of the child; if it had no last word, its end closes the pipe.
            // One byte and not to the end: a process that the task has started has the pipe too.
            let mut word = [2];
            let told = reader.read_exact(&mut word).is_ok();
            let status = loop {
                match waitpid(child, None) {
                    Err(Errno::EINTR) => {}
                    other => break other?,
                }
            };
            Ok(match status {
                WaitStatus::Signaled(_, signal, _) => End::Killed(signal as i32),
                WaitStatus::Exited(_, 0) => End::Finished,
                WaitStatus::Exited(_, 101) if told => End::Panicked,
                WaitStatus::Exited(_, status) => End::Exited(status),
                other => return Err(io::Error::other(format!("no end: {other:?}"))),
            })
        }
    }
}

pub fn in_thread(task: impl FnOnce() + Send) -> io::Result<End> {
    thread::scope(|scope| {
        let handle = thread::Builder::new().spawn_scoped(scope, task)?;
        Ok(match handle.join() {
            Ok(()) => End::Finished,
            Err(_) => End::Panicked,
        })
    })
}
