use std::fmt;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::thread;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Finished,
    Panicked,
    Exited(i32),
    Killed(i32),
}

const NAMES: [(i32, &str); 7] = [
    (libc::SIGABRT, "ABRT"),
    (libc::SIGBUS, "BUS"),
    (libc::SIGFPE, "FPE"),
    (libc::SIGILL, "ILL"),
    (libc::SIGKILL, "KILL"),
    (libc::SIGSEGV, "SEGV"),
    (libc::SIGTERM, "TERM"),
];

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Finished => write!(f, "finished"),
            End::Panicked => write!(f, "panicked"),
            End::Exited(status) => write!(f, "exited with {status}"),
            End::Killed(number) => match NAMES.iter().find(|(signal, _)| signal == number) {
                Some((_, name)) => write!(f, "killed by SIG{name}"),
                None => write!(f, "killed by signal {number}"),
            },
        }
    }
}

pub fn in_process(task: impl FnOnce()) -> io::Result<End> {
    // SAFETY: one thread.
    let pid = unsafe { libc::fork() };
    if pid == -1 {
        return Err(io::Error::last_os_error());
    }
    if pid == 0 {
        // The message of the panic is for stderr, the status for the parent.
        let status = match panic::catch_unwind(AssertUnwindSafe(task)) {
            Ok(()) => 0,
            Err(_) => 101,
        };
        // SAFETY: ends the process.
        unsafe { libc::_exit(status) }
    }
    let mut status = 0;
    // SAFETY: the status is valid.
    while unsafe { libc::waitpid(pid, &mut status, 0) } != pid {
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    Ok(if libc::WIFSIGNALED(status) {
        End::Killed(libc::WTERMSIG(status))
    } else {
        match libc::WEXITSTATUS(status) {
            0 => End::Finished,
            101 => End::Panicked,
            other => End::Exited(other),
        }
    })
}

pub fn in_thread(task: impl FnOnce() + Send) -> io::Result<End> {
    let mut end = End::Panicked;
    thread::scope(|scope| {
        let work = || {
            let caught = panic::catch_unwind(AssertUnwindSafe(task));
            end = if caught.is_ok() { End::Finished } else { End::Panicked };
        };
        thread::Builder::new().name("task".to_string()).spawn_scoped(scope, work).map(|_| ())
    })?;
    Ok(end)
}
