use std::io;

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

pub struct Task {
    pub name: String,
    pub work: Box<dyn FnOnce() -> i32>,
}

pub struct Children {
    list: Vec<(String, Pid, Option<i32>)>,
}

fn code(status: WaitStatus) -> Option<i32> {
    match status {
        WaitStatus::Exited(_, status) => Some(status),
        WaitStatus::Signaled(_, signal, _) => Some(-(signal as i32)),
        _ => None,
    }
}

impl Children {
    pub fn start_all(tasks: Vec<Task>) -> io::Result<Children> {
        let mut list = Vec::new();
        for task in tasks {
            // SAFETY: the process has one thread.
            match unsafe { fork() }? {
                ForkResult::Child => std::process::exit((task.work)()),
                ForkResult::Parent { child } => list.push((task.name, child, None)),
            }
        }
        Ok(Children { list })
    }

    pub fn active(&mut self) -> io::Result<Vec<String>> {
        for (_, pid, end) in self.list.iter_mut().filter(|entry| entry.2.is_none()) {
            *end = code(waitpid(*pid, Some(WaitPidFlag::WNOHANG))?);
        }
        Ok(self
            .list
            .iter()
            .filter(|entry| entry.2.is_none())
            .map(|entry| entry.0.clone())
            .collect())
    }

    pub fn join_all(self) -> io::Result<Vec<i32>> {
        let mut codes = Vec::new();
        for (_, pid, end) in self.list {
            codes.push(match end {
                Some(end) => end,
                None => code(waitpid(pid, None)?).unwrap(),
            });
        }
        Ok(codes)
    }
}

/// The processors in our set, see sched_getaffinity(2).
pub fn processors() -> usize {
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        if libc::sched_getaffinity(0, std::mem::size_of::<libc::cpu_set_t>(), &mut set) != 0 {
            return 1;
        }
        libc::CPU_COUNT(&set).max(1) as usize
    }
}
