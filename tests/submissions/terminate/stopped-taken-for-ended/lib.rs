use std::io;

/// What becomes of a child when its parent is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Its work counts: the parent waits for it.
    Ordinary,
    /// It serves the parent and is of no use without it: it is terminated.
    Daemon,
}

pub struct Child {
    pid: i32,
    kind: Kind,
    ended: Option<i32>,
}

fn code_of(status: i32) -> i32 {
    if libc::WIFEXITED(status) {
        libc::WEXITSTATUS(status)
    } else if libc::WIFSIGNALED(status) {
        -libc::WTERMSIG(status)
    } else {
        -libc::WSTOPSIG(status)
    }
}

impl Child {
    pub fn start(kind: Kind, target: impl FnOnce()) -> io::Result<Child> {
        let parent = std::process::id() as i32;
        let pid = unsafe { libc::fork() };
        if pid == -1 {
            return Err(io::Error::last_os_error());
        }
        if pid > 0 {
            return Ok(Child { pid, kind, ended: None });
        }
        if kind == Kind::Daemon {
            unsafe {
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM);
                if libc::getppid() != parent {
                    libc::_exit(0);
                }
            }
        }
        target();
        std::process::exit(0);
    }

    pub fn pid(&self) -> i32 {
        self.pid
    }

    fn wait(&mut self, options: i32) -> io::Result<()> {
        let mut status = 0;
        while self.ended.is_none() {
            match unsafe { libc::waitpid(self.pid, &mut status, options) } {
                0 => break,
                -1 => {
                    let error = io::Error::last_os_error();
                    if error.kind() != io::ErrorKind::Interrupted {
                        return Err(error);
                    }
                }
                _ => self.ended = Some(code_of(status)),
            }
        }
        Ok(())
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        self.wait(libc::WNOHANG | libc::WUNTRACED)?;
        Ok(self.ended.is_none())
    }

    pub fn terminate(&mut self) -> io::Result<()> {
        if self.ended.is_none() {
            unsafe { libc::kill(self.pid, libc::SIGTERM) };
            self.wait(0)?;
        }
        Ok(())
    }

    pub fn join(&mut self) -> io::Result<()> {
        self.wait(0)
    }

    pub fn exit_code(&self) -> Option<i32> {
        self.ended
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.kind == Kind::Daemon {
            let _ = self.terminate();
        }
        let _ = self.join();
    }
}
