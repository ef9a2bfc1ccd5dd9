use std::fmt;
use std::io::{self, Read, Write, pipe};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use nix::errno::Errno;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Finished,
    Panicked,
    Exited(i32),
    Killed(i32),
}

const NAMES: [(i32, &str); 7] = [
    (libc::SIGABRT, "SIGABRT"),
    (libc::SIGBUS, "SIGBUS"),
    (libc::SIGFPE, "SIGFPE"),
    (libc::SIGILL, "SIGILL"),
    (libc::SIGKILL, "SIGKILL"),
    (libc::SIGSEGV, "SIGSEGV"),
    (libc::SIGTERM, "SIGTERM"),
];

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Finished => write!(f, "finished"),
            End::Panicked => write!(f, "panicked"),
            End::Exited(status) => write!(f, "exited with {status}"),
            End::Killed(signal) => match NAMES.iter().find(|(number, _)| number == signal) {
                Some((_, name)) => write!(f, "killed by {name}"),
                None => write!(f, "killed by signal {signal}"),
            },
        }
    }
}

pub fn in_process(task: impl FnOnce()) -> io::Result<End> {
    let (mut hears, mut says) = pipe()?;
    let pid = Errno::result(unsafe { libc::fork() })?;
    if pid == 0 {
        drop(hears);
        let outcome = catch_unwind(AssertUnwindSafe(task));
        let status = match outcome {
            Ok(()) => 0,
            Err(payload) => {
                // its drop could panic as well
                std::mem::forget(payload);
                let _ = says.write_all(b"!");
                101
            }
        };
        unsafe { libc::_exit(status) }
    }
    drop(says);
    let mut status = 0;
    while let Err(errno) = Errno::result(unsafe { libc::waitpid(pid, &mut status, 0) }) {
        if errno != Errno::EINTR {
            return Err(errno.into());
        }
    }
    if libc::WIFSIGNALED(status) {
        return Ok(End::Killed(libc::WTERMSIG(status)));
    }
    let status = libc::WEXITSTATUS(status);
    if status == 0 {
        return Ok(End::Finished);
    }
    // somebody whom the task has started may hold the other end still: do not wait for that
    unsafe {
        use std::os::fd::AsRawFd;
        libc::fcntl(hears.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK);
    }
    match hears.read(&mut [0]) {
        Ok(1) if status == 101 => Ok(End::Panicked),
        _ => Ok(End::Exited(status)),
    }
}

pub fn in_thread(task: impl FnOnce() + Send) -> io::Result<End> {
    thread::scope(|scope| match thread::Builder::new().spawn_scoped(scope, task) {
        Err(error) => Err(error),
        Ok(thread) => match thread.join() {
            Ok(()) => Ok(End::Finished),
            Err(_) => Ok(End::Panicked),
        },
    })
}
