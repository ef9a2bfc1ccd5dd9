use std::collections::HashSet;
use std::io;
use std::sync::{LazyLock, Mutex};

use nix::errno::Errno;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

/// Whom we have started and not reaped, so that nobody waits twice.
#[derive(Default)]
struct Nursery {
    children: HashSet<Pid>,
}

static NURSERY: LazyLock<Mutex<Nursery>> = LazyLock::new(Mutex::default);

impl Nursery {
    fn born(&mut self, pid: Pid) {
        self.children.insert(pid);
    }
    fn take(&mut self, pid: Pid) -> nix::Result<()> {
        if self.children.remove(&pid) { Ok(()) } else { Err(Errno::ECHILD) }
    }
}

pub fn start(job: impl FnOnce() -> i32) -> io::Result<Pid> {
    match unsafe { fork() }? {
        ForkResult::Child => unsafe { libc::_exit(job()) },
        ForkResult::Parent { child } => {
            NURSERY.lock().unwrap().born(child);
            Ok(child)
        }
    }
}

pub fn exit_code(pid: Pid) -> io::Result<i32> {
    NURSERY.lock().unwrap().take(pid)?;
    match waitpid(pid, None)? {
        WaitStatus::Exited(_, code) => Ok(code),
        WaitStatus::Signaled(_, signal, _) => Ok(-(signal as i32)),
        other => Err(io::Error::other(format!("{other:?}"))),
    }
}
