use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::FromRawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use nix::errno::Errno;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It returned.
    Finished,
    /// It panicked, with whatever value.
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
            End::Killed(signal) => {
                let name = match signal {
                    libc::SIGABRT => "SIGABRT",
                    libc::SIGBUS => "SIGBUS",
                    libc::SIGFPE => "SIGFPE",
                    libc::SIGILL => "SIGILL",
                    libc::SIGKILL => "SIGKILL",
                    libc::SIGSEGV => "SIGSEGV",
                    libc::SIGTERM => "SIGTERM",
                    other => return write!(f, "killed by signal {other}"),
                };
                write!(f, "killed by {name}")
            }
        }
    }
}

fn pipe() -> io::Result<(File, File)> {
    let mut fds = [0; 2];
    if unsafe { libc::pipe(fds.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(unsafe { (File::from_raw_fd(fds[0]), File::from_raw_fd(fds[1])) })
}

fn reap(child: Pid) -> io::Result<End> {
    loop {
        match waitpid(child, None) {
            Ok(WaitStatus::Exited(_, status)) => {
                return Ok(if status == 0 { End::Finished } else { End::Exited(status) });
            }
            Ok(WaitStatus::Signaled(_, signal, _)) => return Ok(End::Killed(signal as i32)),
            Ok(_) | Err(Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

pub fn in_process(task: impl FnOnce()) -> io::Result<End> {
    let (mut reader, mut writer) = pipe()?;
    match unsafe { fork() }? {
        ForkResult::Child => {
            drop(reader);
            let ended = catch_unwind(AssertUnwindSafe(task));
            let (word, status) = if ended.is_ok() { (b"r", 0) } else { (b"p", 101) };
            let _ = writer.write_all(word);
            unsafe { libc::_exit(status) }
        }
        ForkResult::Parent { child } => {
            drop(writer);
            // Nothing comes from a task that has exited or was killed.
            let mut words = Vec::new();
            let read = reader.read_to_end(&mut words);
            let end = reap(child)?;
            read?;
            Ok(match (words.as_slice(), end) {
                (b"p", End::Exited(101)) => End::Panicked,
                (_, end) => end,
            })
        }
    }
}

pub fn in_thread(task: impl FnOnce() + Send) -> io::Result<End> {
    thread::scope(|scope| {
        let thread = thread::Builder::new().spawn_scoped(scope, task)?;
        match thread.join() {
            Ok(()) => Ok(End::Finished),
            Err(_) => Ok(End::Panicked),
        }
    })
}
