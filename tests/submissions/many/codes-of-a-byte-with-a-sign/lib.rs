use std::io;

use nix::errno::Errno;
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

/// The exit code as it comes from `wait`: a byte, negative for signals.
fn decode(status: i32) -> i8 {
    if libc::WIFSIGNALED(status) { -(libc::WTERMSIG(status) as i8) } else { (status >> 8) as i8 }
}

impl Child {
    /// 0 if it runs.
    fn wait(&mut self, options: i32) -> io::Result<i32> {
        let mut status = 0;
        let pid = loop {
            match unsafe { libc::waitpid(self.pid.as_raw(), &mut status, options) } {
                -1 if Errno::last() == Errno::EINTR => {}
                -1 => return Err(io::Error::last_os_error()),
                pid => break pid,
            }
        };
        if pid != 0 {
            self.code = Some(decode(status).into());
        }
        Ok(pid)
    }
}

pub struct Children {
    list: Vec<Child>,
}

impl Children {
    pub fn start_all(tasks: Vec<Task>) -> io::Result<Children> {
        let mut list = Vec::new();
        for task in tasks {
            match unsafe { fork() }? {
                ForkResult::Child => std::process::exit((task.work)()),
                ForkResult::Parent { child } => {
                    list.push(Child { name: task.name, pid: child, code: None })
                }
            }
        }
        Ok(Children { list })
    }

    pub fn active(&mut self) -> io::Result<Vec<String>> {
        let mut active = Vec::new();
        for child in &mut self.list {
            if child.code.is_none() && child.wait(libc::WNOHANG)? == 0 {
                active.push(child.name.clone());
            }
        }
        Ok(active)
    }

    pub fn join_all(mut self) -> io::Result<Vec<i32>> {
        for child in &mut self.list {
            if child.code.is_none() {
                child.wait(0)?;
            }
        }
        Ok(self.list.iter().map(|child| child.code.unwrap()).collect())
    }
}

pub fn processors() -> usize {
    std::thread::available_parallelism().unwrap().get()
}
