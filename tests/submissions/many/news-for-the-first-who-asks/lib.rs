use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::errno::Errno;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};
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

impl Child {
    fn look(&mut self, flags: Option<WaitPidFlag>) -> io::Result<bool> {
        while self.code.is_none() {
            match waitpid(self.pid, flags) {
                Ok(WaitStatus::Exited(_, code)) => self.code = Some(code),
                Ok(WaitStatus::Signaled(_, signal, _)) => self.code = Some(-(signal as i32)),
                Ok(_) => return Ok(true),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(false)
    }
}
/// Set by the signal that comes when a child ends; without it nobody has to be asked.
static NEWS: AtomicBool = AtomicBool::new(false);

extern "C" fn child_ended(_: i32) {
    NEWS.store(true, Ordering::SeqCst);
}

pub struct Children {
    family: Vec<Child>,
}

impl Children {
    pub fn start_all(tasks: Vec<Task>) -> io::Result<Children> {
        let action =
            SigAction::new(SigHandler::Handler(child_ended), SaFlags::SA_RESTART, SigSet::empty());
        unsafe { sigaction(Signal::SIGCHLD, &action) }?;
        let mut family = Vec::new();
        for Task { name, work } in tasks {
            match unsafe { fork() }? {
                ForkResult::Child => std::process::exit(work()),
                ForkResult::Parent { child } => family.push(Child { name, pid: child, code: None }),
            }
        }
        Ok(Children { family })
    }

    pub fn active(&mut self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        let news = NEWS.swap(false, Ordering::SeqCst);
        for child in &mut self.family {
            let runs =
                if news { child.look(Some(WaitPidFlag::WNOHANG))? } else { child.code.is_none() };
            if runs {
                names.push(child.name.clone());
            }
        }
        Ok(names)
    }

    pub fn join_all(mut self) -> io::Result<Vec<i32>> {
        for child in &mut self.family {
            child.look(None)?;
        }
        Ok(self.family.into_iter().filter_map(|child| child.code).collect())
    }
}

pub fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
