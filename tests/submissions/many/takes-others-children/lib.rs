use std::collections::BTreeMap;
use std::io;

use nix::sys::wait::{WaitPidFlag, WaitStatus, wait, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

pub struct Task {
    pub name: String,
    pub work: Box<dyn FnOnce() -> i32>,
}

pub struct Children {
    names: Vec<String>,
    index: BTreeMap<Pid, usize>,
    codes: Vec<Option<i32>>,
}

impl Children {
    pub fn start_all(tasks: Vec<Task>) -> io::Result<Children> {
        let mut children =
            Children { names: Vec::new(), index: BTreeMap::new(), codes: vec![None; tasks.len()] };
        for (number, task) in tasks.into_iter().enumerate() {
            match unsafe { fork() }? {
                ForkResult::Child => unsafe { libc::_exit((task.work)()) },
                ForkResult::Parent { child } => {
                    children.index.insert(child, number);
                    children.names.push(task.name);
                }
            }
        }
        Ok(children)
    }

    fn note(&mut self, status: WaitStatus) {
        let (pid, code) = match status {
            WaitStatus::Exited(pid, code) => (pid, code),
            WaitStatus::Signaled(pid, signal, _) => (pid, -(signal as i32)),
            _ => return,
        };
        if let Some(number) = self.index.remove(&pid) {
            self.codes[number] = Some(code);
        }
    }

    pub fn active(&mut self) -> io::Result<Vec<String>> {
        let pids: Vec<Pid> = self.index.keys().copied().collect();
        for pid in pids {
            let status = waitpid(pid, Some(WaitPidFlag::WNOHANG))?;
            self.note(status);
        }
        let both = self.names.iter().zip(&self.codes);
        Ok(both.filter(|(_, code)| code.is_none()).map(|(name, _)| name.clone()).collect())
    }

    pub fn join_all(mut self) -> io::Result<Vec<i32>> {
        while !self.index.is_empty() {
            let status = wait()?;
            self.note(status);
        }
        Ok(self.codes.into_iter().map(Option::unwrap).collect())
    }
}

pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}
