use std::io;

use nix::errno::Errno;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

pub struct Task {
    pub name: String,
    pub work: Box<dyn FnOnce() -> i32>,
}

pub struct Children {
    names: Vec<String>,
    pids: Vec<Pid>,
    codes: Vec<i32>,
    /// Bit i: child i has ended.
    ended: u64,
}

impl Children {
    pub fn start_all(tasks: Vec<Task>) -> io::Result<Children> {
        let n = tasks.len();
        let (mut names, mut pids) = (Vec::new(), Vec::new());
        for task in tasks {
            // SAFETY: one thread.
            match unsafe { fork() }? {
                ForkResult::Child => unsafe { libc::_exit((task.work)()) },
                ForkResult::Parent { child } => {
                    names.push(task.name);
                    pids.push(child);
                }
            }
        }
        Ok(Children { names, pids, codes: vec![0; n], ended: 0 })
    }

    fn has_ended(&self, i: usize) -> bool {
        self.ended & (1 << i) != 0
    }

    fn ask(&mut self, i: usize, flags: Option<WaitPidFlag>) -> io::Result<()> {
        while !self.has_ended(i) {
            let code = match waitpid(self.pids[i], flags) {
                Ok(WaitStatus::Exited(_, code)) => code,
                Ok(WaitStatus::Signaled(_, signal, _)) => -(signal as i32),
                Ok(_) => return Ok(()),
                Err(Errno::EINTR) => continue,
                Err(e) => return Err(e.into()),
            };
            self.codes[i] = code;
            self.ended |= 1 << i;
        }
        Ok(())
    }

    pub fn active(&mut self) -> io::Result<Vec<String>> {
        for i in 0..self.pids.len() {
            self.ask(i, Some(WaitPidFlag::WNOHANG))?;
        }
        Ok((0..self.pids.len())
            .filter(|&i| !self.has_ended(i))
            .map(|i| self.names[i].clone())
            .collect())
    }

    pub fn join_all(mut self) -> io::Result<Vec<i32>> {
        for i in 0..self.pids.len() {
            self.ask(i, None)?;
        }
        Ok(self.codes)
    }
}

pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}
