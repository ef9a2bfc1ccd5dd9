use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

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
            End::Finished => write!(f, "finished"),
            End::Panicked => write!(f, "panicked"),
            End::Exited(n) => write!(f, "exited with {n}"),
            End::Killed(n) => {
                let all = [
                    ("SIGABRT", libc::SIGABRT),
                    ("SIGBUS", libc::SIGBUS),
                    ("SIGFPE", libc::SIGFPE),
                    ("SIGILL", libc::SIGILL),
                    ("SIGKILL", libc::SIGKILL),
                    ("SIGSEGV", libc::SIGSEGV),
                    ("SIGTERM", libc::SIGTERM),
                ];
                for (name, number) in all {
                    if number == n {
                        return write!(f, "killed by {name}");
                    }
                }
                write!(f, "killed by signal {n}")
            }
        }
    }
}

pub fn in_process(task: impl FnOnce()) -> io::Result<End> {
    // SAFETY: one thread.
    let pid = unsafe { libc::fork() };
    if pid < 0 {
        return Err(io::Error::last_os_error());
    }
    if pid == 0 {
        let ok = catch_unwind(AssertUnwindSafe(task)).is_ok();
        unsafe { libc::_exit(if ok { 0 } else { 101 }) }
    }
    let mut status: i32 = 0;
    loop {
        if unsafe { libc::waitpid(pid, &mut status, 0) } == pid {
            break;
        }
        let e = io::Error::last_os_error();
        if e.raw_os_error() != Some(libc::EINTR) {
            return Err(e);
        }
    }
    // low byte: the signal, high byte: the status
    let [signal, code, _, _] = status.to_le_bytes();
    if signal != 0 {
        return Ok(End::Killed(signal as i32));
    }
    match code {
        0 => Ok(End::Finished),
        101 => Ok(End::Panicked),
        n => Ok(End::Exited(n as i32)),
    }
}

pub fn in_thread(task: impl FnOnce() + Send) -> io::Result<End> {
    thread::scope(|s| {
        let handle = thread::Builder::new().spawn_scoped(s, task)?;
        if handle.join().is_err() {
            return Ok(End::Panicked);
        }
        Ok(End::Finished)
    })
}
