//! Many children at once.

use std::io;

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

/// Something to do in a process of its own.
pub struct Task {
    /// What it is called.
    pub name: String,
    /// Does it, and returns the exit status, 0 to 255. Does not panic.
    pub work: Box<dyn FnOnce() -> i32>,
}

/// Children that were started together.
pub struct Children {
    children: Vec<Child>,
}

struct Child {
    name: String,
    pid: Pid,
    // Known once it has been reaped.
    code: Option<i32>,
}

impl Children {
    /// Starts every task in a process of its own, and waits for none of them.
    pub fn start_all(tasks: Vec<Task>) -> io::Result<Children> {
        let mut children = Vec::new();
        for Task { name, work } in tasks {
            // SAFETY: the process has one thread, so the child may do whatever the parent may.
            match unsafe { fork() }? {
                // Without this end the child would go round the loop, and start tasks itself.
                // SAFETY: `_exit` ends the process at once and touches nothing.
                ForkResult::Child => unsafe { libc::_exit(work()) },
                ForkResult::Parent { child } => {
                    children.push(Child { name, pid: child, code: None });
                }
            }
        }
        Ok(Children { children })
    }

    /// The names of those that have not ended, in the order of the tasks; never waits.
    pub fn active(&mut self) -> io::Result<Vec<String>> {
        let mut active = Vec::new();
        for child in &mut self.children {
            if child.wait(WaitPidFlag::WNOHANG)?.is_none() {
                active.push(child.name.clone());
            }
        }
        Ok(active)
    }

    /// Waits until all have ended, and reaps them; the exit codes in the order of the tasks.
    pub fn join_all(mut self) -> io::Result<Vec<i32>> {
        let mut codes = Vec::new();
        // The order of these waits costs nothing: all run, and the last to end decides.
        for child in &mut self.children {
            codes.extend(child.wait(WaitPidFlag::empty())?);
        }
        Ok(codes)
    }
}

impl Child {
    /// Its exit code, if it has ended; waits for that unless the flags say otherwise.
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

/// How many processors the machine has, at least 1.
pub fn processors() -> usize {
    // SAFETY: a system call on a plain number.
    let online = unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) };
    usize::try_from(online).unwrap_or(1).max(1)
}
