use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

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

pub fn in_process(task: impl FnOnce()) -> io::Result<End> {
    let pid = unsafe { libc::fork() };
    if pid < 0 {
        return Err(io::Error::last_os_error());
    }
    if pid == 0 {
        let ended = catch_unwind(AssertUnwindSafe(task));
        unsafe { libc::_exit(if ended.is_ok() { 0 } else { 101 }) }
    }
    let mut status = 0;
    while unsafe { libc::waitpid(pid, &mut status, 0) } < 0 {
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    if libc::WIFSIGNALED(status) {
        return Ok(End::Killed(libc::WTERMSIG(status)));
    }
    Ok(match libc::WEXITSTATUS(status) {
        0 => End::Finished,
        101 => End::Panicked,
        status => End::Exited(status),
    })
}

static PANICKED: AtomicBool = AtomicBool::new(false);

struct Notice;

impl Drop for Notice {
    fn drop(&mut self) {
        if thread::panicking() {
            PANICKED.store(true, Ordering::SeqCst);
        }
    }
}

pub fn in_thread(task: impl FnOnce() + Send) -> io::Result<End> {
    PANICKED.store(false, Ordering::SeqCst);
    thread::scope(|scope| {
        let work = move || {
            let _notice = Notice;
            task();
        };
        let _ = thread::Builder::new().spawn_scoped(scope, work)?.join();
        io::Result::Ok(())
    })?;
    Ok(match PANICKED.load(Ordering::SeqCst) {
        true => End::Panicked,
        false => End::Finished,
    })
}
