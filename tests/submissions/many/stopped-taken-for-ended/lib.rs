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
    active: bool,
    code: Option<i32>,
}

pub struct Children {
    children: Vec<Child>,
}

impl Child {
    fn remember(&mut self, status: WaitStatus) {
        match status {
            WaitStatus::Exited(_, code) => self.code = Some(code),
            WaitStatus::Signaled(_, signal, _) => self.code = Some(-(signal as i32)),
            _ => {}
        }
        if status != WaitStatus::StillAlive {
            self.active = false;
        }
    }
}

impl Children {
    pub fn start_all(tasks: Vec<Task>) -> io::Result<Children> {
        let mut children = Vec::new();
        for task in tasks {
            match unsafe { fork() }? {
                ForkResult::Child => unsafe { libc::_exit((task.work)()) },
                ForkResult::Parent { child } => {
                    children.push(Child { name: task.name, pid: child, active: true, code: None })
                }
            }
        }
        Ok(Children { children })
    }

    pub fn active(&mut self) -> io::Result<Vec<String>> {
        let mut names = vec![];
        for child in &mut self.children {
            if child.active {
                let flags = WaitPidFlag::WNOHANG | WaitPidFlag::WUNTRACED;
                child.remember(waitpid(child.pid, Some(flags))?);
            }
            if child.active {
                names.push(child.name.clone());
            }
        }
        Ok(names)
    }

    pub fn join_all(mut self) -> io::Result<Vec<i32>> {
        for child in &mut self.children {
            if child.code.is_none() {
                child.remember(waitpid(child.pid, None)?);
            }
        }
        Ok(self.children.iter().map(|child| child.code.unwrap()).collect())
    }
}

pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}
