use std::io::{self, PipeWriter, Read};
use std::thread;

use nix::errno::Errno;
use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill, pthread_sigmask};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

/// What becomes of a child when its parent is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Its work counts: the parent waits for it.
    Ordinary,
    /// It serves the parent and is of no use without it: it is terminated.
    Daemon,
}

pub struct Child {
    pid: Pid,
    kind: Kind,
    code: Option<i32>,
    /// Closed when this process ends, however that happens.
    _lifeline: Option<PipeWriter>,
}

impl Child {
    pub fn start(kind: Kind, target: impl FnOnce()) -> io::Result<Child> {
        let pipe = if kind == Kind::Daemon { Some(io::pipe()?) } else { None };
        match unsafe { fork() }? {
            ForkResult::Parent { child } => {
                let writer = pipe.map(|(_reader, writer)| writer);
                Ok(Child { pid: child, kind, code: None, _lifeline: writer })
            }
            ForkResult::Child => {
                if let Some((mut reader, writer)) = pipe {
                    drop(writer);
                    // Signals are for the target's thread.
                    let mut old = SigSet::empty();
                    let all = SigSet::all();
                    let _ = pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(&all), Some(&mut old));
                    thread::spawn(move || {
                        let _ = reader.read_to_end(&mut Vec::new());
                        unsafe { libc::_exit(1) }
                    });
                    let _ = pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(&old), None);
                }
                target();
                std::process::exit(0)
            }
        }
    }

    pub fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    fn wait(&mut self, flags: WaitPidFlag) -> io::Result<()> {
        while self.code.is_none() {
            match waitpid(self.pid, Some(flags)) {
                Ok(WaitStatus::Exited(_, status)) => self.code = Some(status),
                Ok(WaitStatus::Signaled(_, signal, _)) => self.code = Some(-(signal as i32)),
                Ok(WaitStatus::StillAlive) => break,
                Ok(_) | Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        self.wait(WaitPidFlag::WNOHANG)?;
        Ok(self.code.is_none())
    }

    pub fn terminate(&mut self) -> io::Result<()> {
        if self.code.is_none() {
            kill(self.pid, Signal::SIGTERM)?;
            self.wait(WaitPidFlag::empty())?;
        }
        Ok(())
    }

    pub fn join(&mut self) -> io::Result<()> {
        self.wait(WaitPidFlag::empty())
    }

    pub fn exit_code(&self) -> Option<i32> {
        self.code
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = match self.kind {
            Kind::Daemon => self.terminate(),
            Kind::Ordinary => self.join(),
        };
    }
}
