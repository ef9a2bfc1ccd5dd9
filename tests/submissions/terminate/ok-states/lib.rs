use std::io;
use std::process::exit;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::{ForkResult, Pid, fork, getppid};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Ordinary,
    Daemon,
}

enum State {
    Running,
    Ended(i32),
}

pub struct Child {
    pid: Pid,
    kind: Kind,
    state: State,
}

impl Child {
    pub fn start(kind: Kind, target: impl FnOnce()) -> io::Result<Child> {
        let parent = Pid::this();
        // SAFETY: single-threaded.
        if let ForkResult::Parent { child } = unsafe { fork() }? {
            return Ok(Child { pid: child, kind, state: State::Running });
        }
        if kind == Kind::Daemon {
            unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
            if getppid() != parent {
                exit(1);
            }
        }
        target();
        exit(0)
    }

    pub fn pid(&self) -> i32 {
        self.pid.into()
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG;
        Ok(match self.state {
            State::Ended(_) => false,
            State::Running => {
                !self.settle(uninterrupted(|| Ok(waitid(Id::Pid(self.pid), flags)?))?)
            }
        })
    }

    pub fn terminate(&mut self) -> io::Result<()> {
        if let State::Running = self.state {
            kill(self.pid, Signal::SIGTERM)?;
            self.join()?;
        }
        Ok(())
    }

    pub fn join(&mut self) -> io::Result<()> {
        while let State::Running = self.state {
            let end = uninterrupted(|| Ok(waitid(Id::Pid(self.pid), WaitPidFlag::WEXITED)?))?;
            self.settle(end);
        }
        Ok(())
    }

    pub fn exit_code(&self) -> Option<i32> {
        match self.state {
            State::Running => None,
            State::Ended(code) => Some(code),
        }
    }

    fn settle(&mut self, end: WaitStatus) -> bool {
        match end {
            WaitStatus::Exited(_, status) => self.state = State::Ended(status),
            WaitStatus::Signaled(_, signal, _) => self.state = State::Ended(-(signal as i32)),
            _ => return false,
        }
        true
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        match self.kind {
            Kind::Daemon => self.terminate().expect("the daemon is our child"),
            Kind::Ordinary => self.join().expect("it is our child"),
        }
    }
}

/// Makes a call once more if a signal came in between.
fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}
