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

fn spawn(work: Box<dyn FnOnce() -> i32>) -> io::Result<Pid> {
    // SAFETY: the process has one thread.
    match unsafe { fork() }? {
        ForkResult::Child => unsafe { libc::_exit(work()) },
        ForkResult::Parent { child } => Ok(child),
    }
}

impl Child {
    fn look(&mut self, flags: Option<WaitPidFlag>) -> io::Result<()> {
        if self.code.is_none() {
            self.code = match waitpid(self.pid, flags)? {
                WaitStatus::Exited(_, status) => Some(status),
                WaitStatus::Signaled(_, signal, _) => Some(-(signal as i32)),
                _ => None,
            };
        }
        Ok(())
    }
}

impl Children {
    pub fn start_all(tasks: Vec<Task>) -> io::Result<Children> {
        let mut children: Vec<Child> = Vec::new();
        for task in tasks {
            match spawn(task.work) {
                Ok(pid) => children.push(Child { name: task.name, pid, code: None }),
                // nothing has been started, that is an error
                Err(error) if children.is_empty() => return Err(error),
                // otherwise go on with those that we have, so that somebody can wait for them
                Err(error) => {
                    eprintln!("only {} processes: {error}", children.len());
                    break;
                }
            }
        }
        Ok(Children { children })
    }

    pub fn active(&mut self) -> io::Result<Vec<String>> {
        let mut names = vec![];
        for child in &mut self.children {
            child.look(Some(WaitPidFlag::WNOHANG))?;
            if child.code.is_none() {
                names.push(child.name.clone());
            }
        }
        Ok(names)
    }

    pub fn join_all(mut self) -> io::Result<Vec<i32>> {
        let mut codes = vec![];
        for child in &mut self.children {
            child.look(None)?;
            codes.push(child.code.unwrap());
        }
        Ok(codes)
    }
}

pub fn processors() -> usize {
    std::thread::available_parallelism().map(|n| n.get()).unwrap_or(1)
}
