use std::fmt;
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
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
        match self {
            End::Finished => write!(f, "finished"),
            End::Panicked => write!(f, "panicked"),
            End::Exited(n) => write!(f, "exited with {n}"),
            End::Killed(n) => {
                let name = match *n {
                    libc::SIGABRT => "SIGABRT",
                    libc::SIGBUS => "SIGBUS",
                    libc::SIGFPE => "SIGFPE",
                    libc::SIGILL => "SIGILL",
                    libc::SIGKILL => "SIGKILL",
                    libc::SIGSEGV => "SIGSEGV",
                    libc::SIGTERM => "SIGTERM",
                    _ => return write!(f, "killed by signal {n}"),
                };
                write!(f, "killed by {name}")
            }
        }
    }
}

pub fn in_process(task: impl FnOnce()) -> io::Result<End> {
    // The child says through it that the task came to its end, and how.
    let (mut from_child, mut to_parent) = io::pipe()?;
    // SAFETY: there is one thread.
    match unsafe { fork() }? {
        ForkResult::Child => {
            let (word, status) = match catch_unwind(AssertUnwindSafe(task)) {
                Ok(()) => (b'F', 0),
                Err(_) => (b'P', 101),
            };
            let _ = to_parent.write_all(&[word]);
            unsafe { libc::_exit(status) }
        }
        ForkResult::Parent { child } => {
            drop(to_parent);
            let status = loop {
                match waitpid(child, None) {
                    Err(Errno::EINTR) => continue,
                    other => break other?,
                }
            };
            // whoever else has the pipe must not keep us waiting
            unsafe { libc::fcntl(from_child.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
            let mut word = [0];
            let told = from_child.read(&mut word).unwrap_or(0) == 1;
            Ok(match status {
                WaitStatus::Signaled(_, signal, _) => End::Killed(signal as i32),
                WaitStatus::Exited(_, _) if told && word == *b"F" => End::Finished,
                WaitStatus::Exited(_, _) if told => End::Panicked,
                WaitStatus::Exited(_, status) => End::Exited(status),
                _ => unreachable!(),
            })
        }
    }
}

pub fn in_thread(task: impl FnOnce() + Send) -> io::Result<End> {
    thread::scope(|s| {
        let handle = thread::Builder::new().spawn_scoped(s, task)?;
        Ok(match handle.join() {
            Ok(()) => End::Finished,
            Err(_) => End::Panicked,
        })
    })
}
