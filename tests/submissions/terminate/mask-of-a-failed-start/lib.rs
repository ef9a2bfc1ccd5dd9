use std::io;
use std::mem::MaybeUninit;
use std::ptr::null_mut;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Ordinary,
    Daemon,
}

/// SIGTERM waits until the child is ready for it.
struct Blocked {
    old: libc::sigset_t,
}

impl Blocked {
    fn sigterm() -> Blocked {
        unsafe {
            let mut set = MaybeUninit::uninit();
            let mut old = MaybeUninit::uninit();
            libc::sigemptyset(set.as_mut_ptr());
            libc::sigaddset(set.as_mut_ptr(), libc::SIGTERM);
            libc::sigprocmask(libc::SIG_BLOCK, set.as_ptr(), old.as_mut_ptr());
            Blocked { old: old.assume_init() }
        }
    }
    fn restore(self) {
        unsafe { libc::sigprocmask(libc::SIG_SETMASK, &self.old, null_mut()) };
    }
}

pub struct Child {
    pid: libc::pid_t,
    kind: Kind,
    code: Option<i32>,
}

impl Child {
    pub fn start(kind: Kind, target: impl FnOnce()) -> io::Result<Child> {
        let parent = unsafe { libc::getpid() };
        let blocked = Blocked::sigterm();
        let pid = unsafe { libc::fork() };
        if pid == -1 {
            return Err(io::Error::last_os_error());
        }
        if pid == 0 {
            if kind == Kind::Daemon {
                unsafe {
                    libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM);
                    if libc::getppid() != parent {
                        libc::_exit(0);
                    }
                }
            }
            blocked.restore();
            target();
            unsafe { libc::_exit(0) }
        }
        blocked.restore();
        Ok(Child { pid, kind, code: None })
    }

    pub fn pid(&self) -> i32 {
        self.pid
    }

    fn wait(&mut self, options: libc::c_int) -> io::Result<()> {
        while self.code.is_none() {
            let mut status = 0;
            match unsafe { libc::waitpid(self.pid, &mut status, options) } {
                0 => break,
                -1 => {
                    let error = io::Error::last_os_error();
                    if error.raw_os_error() != Some(libc::EINTR) {
                        return Err(error);
                    }
                }
                _ if libc::WIFEXITED(status) => self.code = Some(libc::WEXITSTATUS(status)),
                _ => self.code = Some(-libc::WTERMSIG(status)),
            }
        }
        Ok(())
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        self.wait(libc::WNOHANG)?;
        Ok(self.code.is_none())
    }

    pub fn terminate(&mut self) -> io::Result<()> {
        if self.code.is_some() {
            return Ok(());
        }
        if unsafe { libc::kill(self.pid, libc::SIGTERM) } == -1 {
            return Err(io::Error::last_os_error());
        }
        self.wait(0)
    }

    pub fn join(&mut self) -> io::Result<()> {
        self.wait(0)
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
