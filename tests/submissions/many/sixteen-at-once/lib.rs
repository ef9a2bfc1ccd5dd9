use std::io;

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

pub struct Task {
    pub name: String,
    pub work: Box<dyn FnOnce() -> i32>,
}

struct Child {
    name: String,
    pid: Pid,
    code: Option<i32>,
}

pub struct Children {
    children: Vec<Child>,
}

const LIMIT: usize = 16;

fn code(status: WaitStatus) -> Option<i32> {
    match status {
        WaitStatus::Exited(_, code) => Some(code),
        WaitStatus::Signaled(_, signal, _) => Some(-(signal as i32)),
        _ => None,
    }
}

impl Children {
    pub fn start_all(tasks: Vec<Task>) -> io::Result<Children> {
        let mut children: Vec<Child> = Vec::new();
        for task in tasks {
            if children.len() >= LIMIT {
                // a slot has to be free
                let index = children.len() - LIMIT;
                let oldest = &mut children[index];
                oldest.code = code(waitpid(oldest.pid, None)?);
            }
            match unsafe { fork() }? {
                ForkResult::Child => unsafe { libc::_exit((task.work)()) },
                ForkResult::Parent { child } => {
                    children.push(Child { name: task.name, pid: child, code: None })
                }
            }
        }
        Ok(Children { children })
    }

    pub fn active(&mut self) -> io::Result<Vec<String>> {
        for child in self.children.iter_mut().filter(|child| child.code.is_none()) {
            child.code = code(waitpid(child.pid, Some(WaitPidFlag::WNOHANG))?);
        }
        Ok(self.children.iter().filter(|c| c.code.is_none()).map(|c| c.name.clone()).collect())
    }

    pub fn join_all(mut self) -> io::Result<Vec<i32>> {
        for child in self.children.iter_mut().filter(|child| child.code.is_none()) {
            child.code = code(waitpid(child.pid, None)?);
        }
        Ok(self.children.iter().map(|c| c.code.unwrap_or(0)).collect())
    }
}

pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}
