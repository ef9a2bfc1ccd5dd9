use std::io;

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

pub struct Task {
    pub name: String,
    pub work: Box<dyn FnOnce() -> i32>,
}

/// Still running.
const RUNNING: i32 = -1;

pub struct Children {
    names: Vec<String>,
    pids: Vec<Pid>,
    codes: Vec<i32>,
}

impl Children {
    pub fn start_all(tasks: Vec<Task>) -> io::Result<Children> {
        let mut children = Children { names: vec![], pids: vec![], codes: vec![] };
        for task in tasks {
            // SAFETY: the process has one thread.
            match unsafe { fork() }? {
                ForkResult::Child => unsafe { libc::_exit((task.work)()) },
                ForkResult::Parent { child } => {
                    children.names.push(task.name);
                    children.pids.push(child);
                    children.codes.push(RUNNING);
                }
            }
        }
        Ok(children)
    }

    fn update(&mut self, i: usize, flags: WaitPidFlag) -> io::Result<()> {
        if self.codes[i] != RUNNING {
            return Ok(());
        }
        match waitpid(self.pids[i], Some(flags))? {
            WaitStatus::Exited(_, status) => self.codes[i] = status,
            WaitStatus::Signaled(_, signal, _) => self.codes[i] = -(signal as i32),
            _ => {}
        }
        Ok(())
    }

    pub fn active(&mut self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for i in 0..self.pids.len() {
            self.update(i, WaitPidFlag::WNOHANG)?;
            if self.codes[i] == RUNNING {
                names.push(self.names[i].clone());
            }
        }
        Ok(names)
    }

    pub fn join_all(mut self) -> io::Result<Vec<i32>> {
        for i in 0..self.pids.len() {
            self.update(i, WaitPidFlag::empty())?;
        }
        Ok(self.codes)
    }
}

pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}
