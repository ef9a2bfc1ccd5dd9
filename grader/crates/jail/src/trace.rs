//! The few calls of ptrace and wait that have no safe wrapper elsewhere.
//!
//! All of them must be made by the thread that attached to the task.
#![expect(unsafe_code, reason = "wait4 with usage, and ptrace with any signal number")]

use std::time::Duration;

use nix::errno::Errno;

use crate::Pid;

/// What happened to one task.
#[derive(Clone, Copy, Debug)]
pub struct Waited {
    /// Which task.
    pub pid: Pid,
    /// What happened.
    pub status: Status,
    /// What it used so far; with its reaped children, if it ended.
    pub usage: Usage,
}

/// A change of state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It exited with this code.
    Exited(i32),
    /// This signal ended it.
    Killed(i32),
    /// It stopped.
    Stopped {
        /// The signal that stopped it; real-time signals are among them.
        signal: i32,
        /// A `PTRACE_EVENT_` number, or 0 if a signal is about to be delivered.
        event: i32,
    },
}

/// What tasks used.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// Processor time in user mode.
    pub user: Duration,
    /// Processor time in the kernel.
    pub system: Duration,
    /// Bytes resident at once, at most.
    pub peak_memory: u64,
    /// Times that the processor was given up.
    pub voluntary_switches: u64,
    /// Times that it was taken away.
    pub involuntary_switches: u64,
}

/// Waits for any child or tracee of the calling thread; `ECHILD` if there is none.
pub fn wait_any() -> Result<Waited, Errno> {
    let waited = wait(-1, libc::__WALL | libc::__WNOTHREAD)?;
    Ok(waited.expect("wait4 returns 0 only if told not to wait"))
}

/// Waits for one tracee of the calling thread.
pub fn wait_for(pid: Pid) -> Result<Waited, Errno> {
    let waited = wait(pid.as_raw(), libc::__WALL)?;
    Ok(waited.expect("wait4 returns 0 only if told not to wait"))
}

/// Reaps one child if it has ended; none if it lives.
pub fn reap(pid: Pid) -> Result<Option<Waited>, Errno> {
    wait(pid.as_raw(), libc::WNOHANG)
}

fn wait(which: i32, flags: i32) -> Result<Option<Waited>, Errno> {
    let mut raw = 0;
    // SAFETY: rusage is plain data, for which all zeroes are valid.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    loop {
        // SAFETY: both pointers are valid for writes.
        let pid = unsafe { libc::wait4(which, &raw mut raw, flags, &raw mut usage) };
        match Errno::result(pid) {
            Ok(0) => return Ok(None),
            Ok(pid) => {
                let (pid, usage) = (Pid::from_raw(pid), Usage::of(&usage));
                return Ok(Some(Waited { pid, status: Status::of(raw), usage }));
            }
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Lets a stopped task go on; a `signal` other than 0 is delivered to it.
pub fn resume(pid: Pid, signal: i32) -> Result<(), Errno> {
    request(libc::PTRACE_CONT, pid, signal)
}

/// The same, but only to where its next system call begins or ends, the one that it is in included.
pub fn resume_to_call(pid: Pid, signal: i32) -> Result<(), Errno> {
    request(libc::PTRACE_SYSCALL, pid, signal)
}

/// Leaves a task stopped by job control, but reports when that ends.
pub fn listen(pid: Pid) -> Result<(), Errno> {
    request(libc::PTRACE_LISTEN, pid, 0)
}

/// Who sent a signal, if a process did; otherwise any number.
pub fn sender(info: &libc::siginfo_t) -> i32 {
    // SAFETY: siginfo is plain data, and all of it is initialised.
    unsafe { info.si_pid() }
}

fn request(request: libc::c_uint, pid: Pid, data: i32) -> Result<(), Errno> {
    let nothing = std::ptr::null_mut::<libc::c_void>();
    // SAFETY: these requests read and write no memory of ours.
    let result = unsafe { libc::ptrace(request, pid.as_raw(), nothing, libc::c_long::from(data)) };
    Errno::result(result).map(drop)
}

impl Status {
    /// Of a status as `wait4` has it, or the event before an exit.
    pub fn of(raw: i32) -> Self {
        if libc::WIFEXITED(raw) {
            Self::Exited(libc::WEXITSTATUS(raw))
        } else if libc::WIFSIGNALED(raw) {
            Self::Killed(libc::WTERMSIG(raw))
        } else {
            Self::Stopped { signal: libc::WSTOPSIG(raw), event: raw >> 16 }
        }
    }
}

impl Usage {
    fn of(raw: &libc::rusage) -> Self {
        let time = |time: libc::timeval| {
            Duration::from_secs(time.tv_sec.unsigned_abs())
                + Duration::from_micros(time.tv_usec.unsigned_abs())
        };
        Self {
            user: time(raw.ru_utime),
            system: time(raw.ru_stime),
            peak_memory: raw.ru_maxrss.unsigned_abs() * 1024,
            voluntary_switches: raw.ru_nvcsw.unsigned_abs(),
            involuntary_switches: raw.ru_nivcsw.unsigned_abs(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_without_children_is_told_so() {
        assert_eq!(wait_any().unwrap_err(), Errno::ECHILD);
    }

    #[test]
    fn real_time_signals_are_reported_like_others() {
        let stopped_by_34 = (34 << 8) | 0x7f;
        assert_eq!(Status::of(stopped_by_34), Status::Stopped { signal: 34, event: 0 });
    }
}
