use std::io;
use std::os::fd::{AsFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

pub struct Task {
    pub name: String,
    pub work: Box<dyn FnOnce() -> i32>,
}

struct Child {
    name: String,
    pid: Pid,
    fd: OwnedFd,
    code: Option<i32>,
}

pub struct Children {
    all: Vec<Child>,
}

impl Child {
    fn reap(&mut self, flags: Option<WaitPidFlag>) -> io::Result<()> {
        while self.code.is_none() {
            match waitpid(self.pid, flags) {
                Ok(WaitStatus::Exited(_, code)) => self.code = Some(code),
                Ok(WaitStatus::Signaled(_, signal, _)) => self.code = Some(-(signal as i32)),
                Ok(_) => return Ok(()),
                Err(Errno::EINTR) => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(())
    }
}

impl Children {
    pub fn start_all(tasks: Vec<Task>) -> io::Result<Children> {
        let mut all = Vec::new();
        for task in tasks {
            // SAFETY: one thread.
            match unsafe { fork() }? {
                ForkResult::Child => unsafe { libc::_exit((task.work)()) },
                ForkResult::Parent { child } => {
                    // SAFETY: a new descriptor that is nobody else's.
                    let fd = unsafe {
                        let fd = libc::syscall(libc::SYS_pidfd_open, child.as_raw(), 0);
                        if fd < 0 {
                            return Err(io::Error::last_os_error());
                        }
                        OwnedFd::from_raw_fd(fd as i32)
                    };
                    all.push(Child { name: task.name, pid: child, fd, code: None });
                }
            }
        }
        Ok(Children { all })
    }

    pub fn active(&mut self) -> io::Result<Vec<String>> {
        let mut fds: Vec<PollFd> = self
            .all
            .iter()
            .filter(|c| c.code.is_none())
            .map(|c| PollFd::new(c.fd.as_fd(), PollFlags::POLLIN))
            .collect();
        match poll(&mut fds, 100u8) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(e) => return Err(e.into()),
        }
        let mut names = Vec::new();
        for child in &mut self.all {
            child.reap(Some(WaitPidFlag::WNOHANG))?;
            if child.code.is_none() {
                names.push(child.name.clone());
            }
        }
        Ok(names)
    }

    pub fn join_all(mut self) -> io::Result<Vec<i32>> {
        for child in &mut self.all {
            child.reap(None)?;
        }
        Ok(self.all.iter().map(|c| c.code.unwrap_or(0)).collect())
    }
}

pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}
