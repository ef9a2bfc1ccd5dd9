use std::collections::BTreeMap;
use std::io;

use nix::errno::Errno;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

pub struct Task {
    pub name: String,
    pub work: Box<dyn FnOnce() -> i32>,
}

/// The names in order, who is still out, and what came home, in whatever order.
pub struct Children {
    names: Vec<String>,
    out: BTreeMap<Pid, usize>,
    codes: BTreeMap<usize, i32>,
}

impl Children {
    pub fn start_all(tasks: Vec<Task>) -> io::Result<Children> {
        let mut all = Children { names: Vec::new(), out: BTreeMap::new(), codes: BTreeMap::new() };
        for (index, task) in tasks.into_iter().enumerate() {
            // SAFETY: a single thread.
            match unsafe { fork() }? {
                ForkResult::Parent { child } => {
                    all.names.push(task.name);
                    all.out.insert(child, index);
                }
                ForkResult::Child => std::process::exit((task.work)()),
            }
        }
        Ok(all)
    }

    pub fn active(&mut self) -> io::Result<Vec<String>> {
        while self.collect(Some(WaitPidFlag::WNOHANG))? {}
        let names = self.names.iter().enumerate();
        let active = names.filter(|(index, _)| !self.codes.contains_key(index));
        Ok(active.map(|(_, name)| name.clone()).collect())
    }

    pub fn join_all(mut self) -> io::Result<Vec<i32>> {
        while self.collect(None)? {}
        Ok(self.codes.into_values().collect())
    }

    /// Takes one child that has ended, whichever; false if there is none.
    fn collect(&mut self, flags: Option<WaitPidFlag>) -> io::Result<bool> {
        let (pid, code) = match waitpid(None::<Pid>, flags) {
            Ok(WaitStatus::Exited(pid, status)) => (pid, status),
            Ok(WaitStatus::Signaled(pid, signal, _)) => (pid, -(signal as i32)),
            Ok(_) | Err(Errno::ECHILD) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        if let Some(index) = self.out.remove(&pid) {
            self.codes.insert(index, code);
        }
        Ok(true)
    }
}

pub fn processors() -> usize {
    std::thread::available_parallelism().map(|number| number.get()).unwrap_or(1)
}
