use std::io;
use std::sync::LazyLock;

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

static PROCESSORS: LazyLock<usize> =
    LazyLock::new(|| std::thread::available_parallelism().map_or(1, |n| n.get()));

pub struct Task {
    pub name: String,
    pub work: Box<dyn FnOnce() -> i32>,
}

pub struct Children {
    list: Vec<(String, Pid, Option<i32>)>,
}

impl Children {
    pub fn start_all(tasks: Vec<Task>) -> io::Result<Children> {
        let mut list = Vec::with_capacity(tasks.len().max(*PROCESSORS));
        for task in tasks {
            match unsafe { fork() }? {
                ForkResult::Child => unsafe { libc::_exit((task.work)()) },
                ForkResult::Parent { child } => list.push((task.name, child, None)),
            }
        }
        Ok(Children { list })
    }

    fn check(&mut self, flag: Option<WaitPidFlag>) -> io::Result<()> {
        for (_, pid, code) in &mut self.list {
            if code.is_none() {
                *code = match waitpid(*pid, flag)? {
                    WaitStatus::Exited(_, status) => Some(status),
                    WaitStatus::Signaled(_, signal, _) => Some(-(signal as i32)),
                    _ => None,
                };
            }
        }
        Ok(())
    }

    pub fn active(&mut self) -> io::Result<Vec<String>> {
        self.check(Some(WaitPidFlag::WNOHANG))?;
        Ok(self.list.iter().filter(|one| one.2.is_none()).map(|one| one.0.clone()).collect())
    }

    pub fn join_all(mut self) -> io::Result<Vec<i32>> {
        self.check(None)?;
        Ok(self.list.into_iter().filter_map(|one| one.2).collect())
    }
}

pub fn processors() -> usize {
    *PROCESSORS
}
