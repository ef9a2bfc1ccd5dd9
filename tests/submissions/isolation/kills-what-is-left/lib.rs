use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, setpgid};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Finished,
    Panicked,
    Exited(i32),
    Killed(i32),
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            End::Finished => write!(f, "finished"),
            End::Panicked => write!(f, "panicked"),
            End::Exited(n) => write!(f, "exited with {n}"),
            End::Killed(n) => match *n {
                libc::SIGABRT => write!(f, "killed by SIGABRT"),
                libc::SIGBUS => write!(f, "killed by SIGBUS"),
                libc::SIGFPE => write!(f, "killed by SIGFPE"),
                libc::SIGILL => write!(f, "killed by SIGILL"),
                libc::SIGKILL => write!(f, "killed by SIGKILL"),
                libc::SIGSEGV => write!(f, "killed by SIGSEGV"),
                libc::SIGTERM => write!(f, "killed by SIGTERM"),
                n => write!(f, "killed by signal {n}"),
            },
        }
    }
}

pub fn in_process(task: impl FnOnce()) -> io::Result<End> {
    match unsafe { fork() }? {
        ForkResult::Child => {
            // the task and whatever it starts
            let _ = setpgid(Pid::from_raw(0), Pid::from_raw(0));
            let ended = catch_unwind(AssertUnwindSafe(task));
            let status = if ended.is_ok() { 0 } else { 101 };
            unsafe { libc::_exit(status) }
        }
        ForkResult::Parent { child } => {
            let end = loop {
                match waitpid(child, None) {
                    Ok(WaitStatus::Signaled(_, signal, _)) => break End::Killed(signal as i32),
                    Ok(WaitStatus::Exited(_, 0)) => break End::Finished,
                    Ok(WaitStatus::Exited(_, 101)) => break End::Panicked,
                    Ok(WaitStatus::Exited(_, n)) => break End::Exited(n),
                    Ok(_) | Err(Errno::EINTR) => {}
                    Err(e) => return Err(e.into()),
                }
            };
            // nobody is left behind: the rest of its group ends with it
            let _ = killpg(child, Signal::SIGKILL);
            Ok(end)
        }
    }
}

pub fn in_thread(task: impl FnOnce() + Send) -> io::Result<End> {
    thread::scope(|s| {
        let thread = thread::Builder::new().spawn_scoped(s, task)?;
        match thread.join() {
            Ok(()) => Ok(End::Finished),
            Err(_) => Ok(End::Panicked),
        }
    })
}
