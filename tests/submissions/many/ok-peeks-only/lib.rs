use std::io;

use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

pub struct Task {
    pub name: String,
    pub work: Box<dyn FnOnce() -> i32>,
}

pub struct Children(Vec<(String, Pid)>);

impl Children {
    pub fn start_all(tasks: Vec<Task>) -> io::Result<Children> {
        let mut children = Vec::with_capacity(tasks.len());
        for task in tasks {
            // SAFETY: no other thread exists.
            match unsafe { fork() } {
                Ok(ForkResult::Parent { child }) => children.push((task.name, child)),
                Ok(ForkResult::Child) => unsafe { libc::_exit((task.work)()) },
                Err(errno) => return Err(io::Error::from_raw_os_error(errno as i32)),
            }
        }
        Ok(Children(children))
    }

    pub fn active(&mut self) -> io::Result<Vec<String>> {
        let peek = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        let mut names = vec![];
        for (name, pid) in self.0.iter() {
            if let WaitStatus::StillAlive = waitid(Id::Pid(*pid), peek)? {
                names.push(name.to_string());
            }
        }
        Ok(names)
    }

    pub fn join_all(self) -> io::Result<Vec<i32>> {
        self.0
            .into_iter()
            .map(|(_, pid)| match waitpid(pid, None)? {
                WaitStatus::Exited(_, code) => Ok(code),
                WaitStatus::Signaled(_, signal, _) => Ok(-(signal as i32)),
                odd => Err(io::Error::other(format!("{odd:?}"))),
            })
            .collect()
    }
}

pub fn processors() -> usize {
    std::thread::available_parallelism().unwrap().get()
}
