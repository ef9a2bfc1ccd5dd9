use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

static MADE: AtomicU32 = AtomicU32::new(0);

pub struct Process {
    name: String,
    state: State,
}

enum State {
    Fresh(Box<dyn FnOnce() -> i32>),
    Running(Pid),
    Ended(Pid, i32),
}

impl Process {
    pub fn new<A: 'static>(target: impl FnOnce(A) -> i32 + 'static, arguments: A) -> Process {
        let number = MADE.fetch_add(1, Ordering::Relaxed) + 1;
        let work = Box::new(move || target(arguments));
        Process { name: format!("Process-{number}"), state: State::Fresh(work) }
    }

    pub fn named(self, name: &str) -> Process {
        Process { name: name.to_owned(), ..self }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn start(&mut self) -> io::Result<()> {
        let State::Fresh(work) = &mut self.state else {
            return Err(io::Error::other("a process can be started once"));
        };
        match unsafe { fork() }? {
            ForkResult::Child => {
                let work = std::mem::replace(work, Box::new(|| 0));
                unsafe { libc::_exit(work()) }
            }
            ForkResult::Parent { child } => self.state = State::Running(child),
        }
        Ok(())
    }

    pub fn pid(&self) -> Option<i32> {
        match self.state {
            State::Fresh(_) => None,
            State::Running(pid) | State::Ended(pid, _) => Some(pid.as_raw()),
        }
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        self.look(WaitPidFlag::WNOHANG)?;
        Ok(matches!(self.state, State::Running(_)))
    }

    pub fn join(&mut self) -> io::Result<()> {
        self.must_be_started()?;
        let State::Running(pid) = self.state else { return Ok(()) };
        let code = match waitpid(pid, Some(WaitPidFlag::WUNTRACED))? {
            WaitStatus::Exited(_, status) => status,
            WaitStatus::Signaled(_, signal, _) | WaitStatus::Stopped(_, signal) => -(signal as i32),
            other => return Err(io::Error::other(format!("waitpid says {other:?}"))),
        };
        self.state = State::Ended(pid, code);
        Ok(())
    }

    pub fn join_timeout(&mut self, timeout: Duration) -> io::Result<bool> {
        self.must_be_started()?;
        let start = Instant::now();
        let mut pause = Duration::from_millis(1);
        while self.is_alive()? {
            let Some(left) = timeout.checked_sub(start.elapsed()) else { return Ok(false) };
            thread::sleep(pause.min(left));
            pause = (pause * 2).min(Duration::from_millis(50));
        }
        Ok(true)
    }

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
