use std::collections::HashMap;
use std::io;

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

pub struct Task {
    pub name: String,
    pub work: Box<dyn FnOnce() -> i32>,
}

pub struct Children {
    order: Vec<String>,
    running: Vec<(String, Pid)>,
    ended: HashMap<String, i32>,
}

fn number(status: WaitStatus) -> i32 {
    match status {
        WaitStatus::Exited(_, code) => code,
        WaitStatus::Signaled(_, signal, _) => -(signal as i32),
        _ => unreachable!(),
    }
}

impl Children {
    pub fn start_all(tasks: Vec<Task>) -> io::Result<Children> {
        let mut running = Vec::new();
        let mut order = Vec::new();
        for task in tasks {
            match unsafe { fork() }? {
                ForkResult::Child => unsafe { libc::_exit((task.work)()) },
                ForkResult::Parent { child } => {
                    order.push(task.name.clone());
                    running.push((task.name, child));
                }
            }
        }
        Ok(Children { order, running, ended: HashMap::new() })
    }

    pub fn active(&mut self) -> io::Result<Vec<String>> {
        let mut still = Vec::new();
        for (name, pid) in self.running.drain(..) {
            match waitpid(pid, Some(WaitPidFlag::WNOHANG))? {
                WaitStatus::StillAlive => still.push((name, pid)),
                status => {
                    self.ended.insert(name, number(status));
                }
            }
        }
        self.running = still;
        Ok(self.running.iter().map(|(name, _)| name.clone()).collect())
    }

    pub fn join_all(mut self) -> io::Result<Vec<i32>> {
        for (name, pid) in self.running {
            let code = number(waitpid(pid, None)?);
            self.ended.insert(name, code);
        }
        Ok(self.order.iter().map(|name| self.ended[name]).collect())
    }
}

pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}
