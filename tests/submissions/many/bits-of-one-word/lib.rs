use std::io;

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

/// Something to do in a process of its own.
pub struct Task {
    /// What it is called. Several tasks may have the same name.
    pub name: String,
    /// Does it, and returns the exit status, 0 to 255. Does not panic.
    pub work: Box<dyn FnOnce() -> i32>,
}
pub struct Children {
    kids: Vec<(String, Pid)>,
    /// bit i: task i has ended
    done: u64,
    codes: Vec<i32>,
}

impl Children {
    pub fn start_all(tasks: Vec<Task>) -> io::Result<Children> {
        let n = tasks.len();
        let mut kids = Vec::with_capacity(n);
        for task in tasks {
            // SAFETY: single-threaded
            match unsafe { fork() }? {
                ForkResult::Child => unsafe { libc::_exit((task.work)()) },
                ForkResult::Parent { child } => kids.push((task.name, child)),
            }
        }
        Ok(Children { kids, done: 0, codes: vec![0; n] })
    }

    fn is_done(&self, i: usize) -> bool {
        self.done & 1u64.wrapping_shl(i as u32) != 0
    }

    fn ask(&mut self, i: usize, flags: Option<WaitPidFlag>) -> io::Result<()> {
        self.codes[i] = match waitpid(self.kids[i].1, flags)? {
            WaitStatus::Exited(_, status) => status,
            WaitStatus::Signaled(_, signal, _) => -(signal as i32),
            _ => return Ok(()),
        };
        self.done |= 1u64.wrapping_shl(i as u32);
        Ok(())
    }

    pub fn active(&mut self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for i in 0..self.kids.len() {
            if !self.is_done(i) {
                self.ask(i, Some(WaitPidFlag::WNOHANG))?;
            }
            if !self.is_done(i) {
                names.push(self.kids[i].0.clone());
            }
        }
        Ok(names)
    }

    pub fn join_all(mut self) -> io::Result<Vec<i32>> {
        for i in 0..self.kids.len() {
            while !self.is_done(i) {
                self.ask(i, None)?;
            }
        }
        Ok(self.codes)
    }
}

pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}
