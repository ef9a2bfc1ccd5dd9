//! A process as an object: what it runs, what it is called, and how it ended.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

/// Processes made so far in this program.
static MADE: AtomicU32 = AtomicU32::new(0);

/// A target that runs in a process of its own once it is started.
pub struct Process {
    name: String,
    state: State,
}

enum State {
    // The target and its arguments, in one closure without arguments.
    Fresh(Box<dyn FnOnce() -> i32>),
    Running(Pid),
    // Kept after the end: a reaped pid may belong to a stranger, and is never waited for again.
    Ended(Pid, i32),
}

impl Process {
    /// A process that will call `target` with `arguments`.
    pub fn new<A: 'static>(target: impl FnOnce(A) -> i32 + 'static, arguments: A) -> Process {
        let number = MADE.fetch_add(1, Ordering::Relaxed) + 1;
        let work = Box::new(move || target(arguments));
        Process { name: format!("Process-{number}"), state: State::Fresh(work) }
    }

    /// The same process under another name.
    pub fn named(self, name: &str) -> Process {
        Process { name: name.to_owned(), ..self }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Forks the process, which does its work while the caller goes on.
    pub fn start(&mut self) -> io::Result<()> {
        let State::Fresh(work) = &mut self.state else {
            return Err(io::Error::other("a process can be started once"));
        };
        // SAFETY: the process has one thread, so the child may do whatever the parent may.
        match unsafe { fork() }.unwrap() {
            ForkResult::Child => {
                let work = std::mem::replace(work, Box::new(|| 0));
                // SAFETY: `_exit` ends the process at once and touches nothing.
                unsafe { libc::_exit(work()) }
            }
            ForkResult::Parent { child } => self.state = State::Running(child),
        }
        Ok(())
    }

    /// Its number; none before the start, and the same for ever after.
    pub fn pid(&self) -> Option<i32> {
        match self.state {
            State::Fresh(_) => None,
            State::Running(pid) | State::Ended(pid, _) => Some(pid.as_raw()),
        }
    }

    /// Whether it has been started and has not ended; never waits.
    pub fn is_alive(&mut self) -> io::Result<bool> {
        self.look(WaitPidFlag::WNOHANG)?;
        Ok(matches!(self.state, State::Running(_)))
    }

    /// Waits until it has ended, and reaps it.
    pub fn join(&mut self) -> io::Result<()> {
        self.must_be_started()?;
        self.look(WaitPidFlag::empty())
    }

    /// Waits until it has ended, but no longer than `timeout`; whether it has ended.
    pub fn join_timeout(&mut self, timeout: Duration) -> io::Result<bool> {
        self.must_be_started()?;
        // No wait has a timeout, so it looks and sleeps in turn. A pidfd in `poll` would do better.
        let start = Instant::now();
        let mut pause = Duration::from_millis(1);
        while self.is_alive()? {
            let Some(left) = timeout.checked_sub(start.elapsed()) else { return Ok(false) };
            thread::sleep(pause.min(left));
            pause = (pause * 2).min(Duration::from_millis(50));
        }
        Ok(true)
    }

    /// Its exit code, once an end has been seen.
    pub fn exit_code(&self) -> Option<i32> {
        match self.state {
            State::Ended(_, code) => Some(code),
            State::Fresh(_) | State::Running(_) => None,
        }
    }

    fn must_be_started(&self) -> io::Result<()> {
        match self.state {
            State::Fresh(_) => Err(io::Error::other("a process is started before it is joined")),
            State::Running(_) | State::Ended(..) => Ok(()),
        }
    }

    /// The one place that waits: reaps a running process that has ended, and keeps its exit code.
    fn look(&mut self, flags: WaitPidFlag) -> io::Result<()> {
        let State::Running(pid) = self.state else { return Ok(()) };
        match waitpid(pid, Some(flags))? {
            WaitStatus::Exited(_, status) => self.state = State::Ended(pid, status),
            WaitStatus::Signaled(_, signal, _) => self.state = State::Ended(pid, -(signal as i32)),
            _ => {}
        }
        Ok(())
    }
}
