use std::io;
use std::num::NonZero;
use std::thread;

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

pub struct Task {
    pub name: String,
    pub work: Box<dyn FnOnce() -> i32>,
}

pub struct Children {
    children: Vec<Child>,
}

struct Child {
    name: String,
    pid: Pid,
    code: Option<i32>,
}

impl Children {
    pub fn start_all(tasks: Vec<Task>) -> io::Result<Children> {
        let mut children = Vec::new();
        for Task { name, work } in tasks {
            match unsafe { fork() }? {
                ForkResult::Child => {
                    work();
                    return Ok(Children { children: Vec::new() });
                }
                ForkResult::Parent { child } => {
                    children.push(Child { name, pid: child, code: None });
                }
            }
        }
        Ok(Children { children })
    }

    pub fn active(&mut self) -> io::Result<Vec<String>> {
        let mut active = Vec::new();
        for child in &mut self.children {
            if child.wait(WaitPidFlag::WNOHANG)?.is_none() {
                active.push(child.name.clone());
            }
        }
        Ok(active)
    }

    pub fn join_all(mut self) -> io::Result<Vec<i32>> {
        let mut codes = Vec::new();
        for child in &mut self.children {
            codes.extend(child.wait(WaitPidFlag::empty())?);
        }
        Ok(codes)
    }
}

impl Child {
    fn wait(&mut self, flags: WaitPidFlag) -> io::Result<Option<i32>> {
        if self.code.is_none() {
            self.code = match waitpid(self.pid, Some(flags))? {
                WaitStatus::Exited(_, status) => Some(status),
                WaitStatus::Signaled(_, signal, _) => Some(-(signal as i32)),
                _ => None,
            };
        }
        Ok(self.code)
    }
}

pub fn processors() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}
