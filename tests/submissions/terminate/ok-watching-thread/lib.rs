use std::io::{self, PipeReader, PipeWriter, Read};
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Mutex;
use std::thread;

use nix::unistd::{ForkResult, Pid, fork};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Ordinary,
    Daemon,
}

/// A daemon watches a pipe that closes with its parent, in a thread of its own.
pub struct Child {
    kind: Kind,
    pid: Pid,
    end: Option<i32>,
    alive: PipeWriter,
}

/// The writing ends that this process has open, all of which a child inherits.
static ALIVE: Mutex<Vec<RawFd>> = Mutex::new(Vec::new());

fn alive() -> std::sync::MutexGuard<'static, Vec<RawFd>> {
    ALIVE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

impl Child {
    pub fn start(kind: Kind, target: impl FnOnce()) -> io::Result<Child> {
        let (reader, writer) = io::pipe()?;
        // SAFETY: one thread up to here; the child starts its thread after the fork.
        match unsafe { fork() }? {
            ForkResult::Child => {
                drop(writer);
                for end in alive().drain(..) {
                    // SAFETY: the handles that own them are the parent's, and are not dropped here.
                    unsafe { libc::close(end) };
                }
                if kind == Kind::Daemon {
                    thread::spawn(move || watch(reader));
                }
                target();
                // SAFETY: ends the process.
                unsafe { libc::_exit(0) }
            }
            ForkResult::Parent { child } => {
                alive().push(writer.as_raw_fd());
                Ok(Child { kind, pid: child, end: None, alive: writer })
            }
        }
    }

    pub fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        self.look(libc::WNOHANG)?;
        Ok(self.end.is_none())
    }

    pub fn terminate(&mut self) -> io::Result<()> {
        if self.is_alive()? {
            // SAFETY: the child has not been reaped, so the number is still its own.
            unsafe { libc::kill(self.pid.as_raw(), libc::SIGTERM) };
        }
        self.look(0)
    }

    pub fn join(&mut self) -> io::Result<()> {
        self.look(0)
    }

    pub fn exit_code(&self) -> Option<i32> {
        self.end
    }

    fn look(&mut self, flags: i32) -> io::Result<()> {
        if self.end.is_some() {
            return Ok(());
        }
        let mut status = 0;
        // SAFETY: the status is valid.
        match unsafe { libc::waitpid(self.pid.as_raw(), &mut status, flags) } {
            0 => {}
            -1 => {
                let error = io::Error::last_os_error();
                // A signal came in between.
                return if error.kind() == io::ErrorKind::Interrupted {
                    self.look(flags)
                } else {
                    Err(error)
                };
            }
            _ if libc::WIFEXITED(status) => self.end = Some(libc::WEXITSTATUS(status)),
            _ => self.end = Some(-libc::WTERMSIG(status)),
        }
        Ok(())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = if self.kind == Kind::Daemon { self.terminate() } else { self.join() };
        alive().retain(|end| *end != self.alive.as_raw_fd());
    }
}

fn watch(mut parent: PipeReader) {
    let _ = parent.read(&mut [0]);
    unsafe { libc::_exit(1) }
}
