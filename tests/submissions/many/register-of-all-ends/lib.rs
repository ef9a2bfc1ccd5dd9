use std::collections::HashMap;
use std::io;
use std::sync::{LazyLock, Mutex};

use nix::errno::Errno;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

pub struct Task {
    pub name: String,
    pub work: Box<dyn FnOnce() -> i32>,
}

/// The ends that nobody has collected so far, whosever they are.
static ENDS: LazyLock<Mutex<HashMap<Pid, i32>>> = LazyLock::new(Default::default);

/// Takes one end from the kernel; whether there was one.
fn collect(flags: Option<WaitPidFlag>) -> io::Result<bool> {
    loop {
        let (pid, code) = match waitpid(None, flags) {
            Ok(WaitStatus::Exited(pid, code)) => (pid, code),
            Ok(WaitStatus::Signaled(pid, signal, _)) => (pid, -(signal as i32)),
            Ok(_) => return Ok(false),
            Err(Errno::ECHILD) if flags.is_some() => return Ok(false),
            Err(Errno::EINTR) => continue,
            Err(e) => return Err(e.into()),
        };
        ENDS.lock().unwrap().insert(pid, code);
        return Ok(true);
    }
}

fn end_of(pid: Pid) -> Option<i32> {
    ENDS.lock().unwrap().get(&pid).copied()
}

pub struct Children {
    family: Vec<(String, Pid)>,
}

impl Children {
    pub fn start_all(tasks: Vec<Task>) -> io::Result<Children> {
        let mut family = Vec::new();
        for task in tasks {
            // SAFETY: one thread.
            match unsafe { fork() }? {
                ForkResult::Child => unsafe { libc::_exit((task.work)()) },
                ForkResult::Parent { child } => family.push((task.name, child)),
            }
        }
        Ok(Children { family })
    }

    pub fn active(&mut self) -> io::Result<Vec<String>> {
        while collect(Some(WaitPidFlag::WNOHANG))? {}
        Ok(self
            .family
            .iter()
            .filter(|(_, pid)| end_of(*pid).is_none())
            .map(|(name, _)| name.clone())
            .collect())
    }

    pub fn join_all(self) -> io::Result<Vec<i32>> {
        let mut codes = Vec::new();
        for (_, pid) in &self.family {
            loop {
                if let Some(code) = end_of(*pid) {
                    codes.push(code);
                    break;
                }
                collect(None)?;
            }
        }
        let mut ends = ENDS.lock().unwrap();
        for (_, pid) in &self.family {
            ends.remove(pid);
        }
        Ok(codes)
    }
}

pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}
