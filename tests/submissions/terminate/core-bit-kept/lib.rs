use std::io;
use std::os::raw::c_int;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Ordinary,
    Daemon,
}

/// high byte: status, low byte: signal
#[derive(Clone, Copy)]
struct RawStatus(c_int);

impl RawStatus {
    fn exited(self) -> bool {
        self.0 & 0xff == 0
    }
    fn code(self) -> i32 {
        if self.exited() { (self.0 >> 8) & 0xff } else { -(self.0 & 0xff) }
    }
}

pub struct Child {
    pid: c_int,
    daemon: bool,
    end: Option<RawStatus>,
}

fn last() -> io::Error {
    io::Error::last_os_error()
}

impl Child {
    pub fn start(kind: Kind, target: impl FnOnce()) -> io::Result<Child> {
        let daemon = kind == Kind::Daemon;
        unsafe {
            let me = libc::getpid();
            let pid = libc::fork();
            if pid < 0 {
                return Err(last());
            }
            if pid > 0 {
                return Ok(Child { pid, daemon, end: None });
            }
            if daemon {
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM);
                if libc::getppid() != me {
                    libc::_exit(libc::EXIT_FAILURE);
                }
            }
            target();
            libc::_exit(libc::EXIT_SUCCESS)
        }
    }

    pub fn pid(&self) -> i32 {
        self.pid
    }

    fn wait(&mut self, flags: c_int) -> io::Result<()> {
        if self.end.is_some() {
            return Ok(());
        }
        let mut raw = 0;
        loop {
            match unsafe { libc::waitpid(self.pid, &mut raw, flags) } {
                0 => return Ok(()),
                -1 if last().kind() == io::ErrorKind::Interrupted => {}
                -1 => return Err(last()),
                _ => {
                    self.end = Some(RawStatus(raw));
                    return Ok(());
                }
            }
        }
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        self.wait(libc::WNOHANG).map(|()| self.end.is_none())
    }

    pub fn terminate(&mut self) -> io::Result<()> {
        if self.end.is_none() && unsafe { libc::kill(self.pid, libc::SIGTERM) } != 0 {
            return Err(last());
        }
        self.wait(0)
    }

    pub fn join(&mut self) -> io::Result<()> {
        self.wait(0)
    }

    pub fn exit_code(&self) -> Option<i32> {
        self.end.map(RawStatus::code)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = if self.daemon { self.terminate() } else { self.join() };
    }
}
