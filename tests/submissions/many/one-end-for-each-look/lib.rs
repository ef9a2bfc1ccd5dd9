use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use std::io;

pub struct Task {
    pub name: String,
    pub work: Box<dyn FnOnce() -> i32>,
}

struct One {
    name: String,
    pid: Pid,
    code: Option<i32>,
}

pub struct Children {
    all: Vec<One>,
}

fn code_of(status: WaitStatus) -> Option<i32> {
    match status {
        WaitStatus::Exited(_, code) => Some(code),
        WaitStatus::Signaled(_, signal, _) => Some(-(signal as i32)),
        _ => None,
    }
}

impl Children {
    pub fn start_all(tasks: Vec<Task>) -> io::Result<Children> {
        let mut all = Vec::new();
        for task in tasks {
            match unsafe { fork() }? {
                ForkResult::Child => unsafe { libc::_exit((task.work)()) },
                ForkResult::Parent { child } => {
                    all.push(One { name: task.name, pid: child, code: None })
                }
            }
        }
        Ok(Children { all })
    }

    pub fn active(&mut self) -> io::Result<Vec<String>> {
        // Whoever has ended last.
        if self.all.iter().any(|one| one.code.is_none()) {
            let status = waitpid(None, Some(WaitPidFlag::WNOHANG))?;
            if let (Some(pid), Some(code)) = (status.pid(), code_of(status)) {
                self.all
                    .iter_mut()
                    .filter(|one| one.pid == pid)
                    .for_each(|one| one.code = Some(code));
            }
        }
        let names =
            self.all.iter().filter(|one| one.code.is_none()).map(|one| one.name.clone()).collect();
        Ok(names)
    }

    pub fn join_all(mut self) -> io::Result<Vec<i32>> {
        for one in &mut self.all {
            if one.code.is_none() {
                one.code = code_of(waitpid(one.pid, None)?);
            }
        }
        Ok(self.all.iter().map(|one| one.code.unwrap()).collect())
    }
}

pub fn processors() -> usize {
    std::thread::available_parallelism().map(|n| n.get()).unwrap_or(1)
}
