use std::io;

use nix::errno::Errno;
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

fn spawn(task: Task) -> nix::Result<Child> {
    // SAFETY: one thread.
    match unsafe { fork() }? {
        ForkResult::Child => {
            let status = (task.work)();
            unsafe { libc::_exit(status) }
        }
        ForkResult::Parent { child } => Ok(Child { name: task.name, pid: child, code: None }),
    }
}

impl Child {
    fn check(&mut self, flags: Option<WaitPidFlag>) -> io::Result<()> {
        while self.code.is_none() {
            match waitpid(self.pid, flags) {
                Ok(WaitStatus::Exited(_, c)) => self.code = Some(c),
                Ok(WaitStatus::Signaled(_, s, _)) => self.code = Some(-(s as i32)),
                Ok(WaitStatus::StillAlive) => break,
                Ok(_) | Err(Errno::EINTR) => continue,
                Err(e) => return Err(e.into()),
            }
        }
        Ok(())
    }
}

impl Children {
    pub fn start_all(tasks: Vec<Task>) -> io::Result<Children> {
        Ok(Children { children: tasks.into_iter().flat_map(spawn).collect() })
    }

    pub fn active(&mut self) -> io::Result<Vec<String>> {
        self.children.iter_mut().try_for_each(|c| c.check(Some(WaitPidFlag::WNOHANG)))?;
        Ok(self.children.iter().filter(|c| c.code.is_none()).map(|c| c.name.clone()).collect())
    }

    pub fn join_all(mut self) -> io::Result<Vec<i32>> {
        self.children.iter_mut().try_for_each(|c| c.check(None))?;
        Ok(self.children.into_iter().filter_map(|c| c.code).collect())
    }
}

pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}
