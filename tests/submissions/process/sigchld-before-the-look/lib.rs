use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

static HOW_MANY: AtomicUsize = AtomicUsize::new(0);

/// SIGCHLD is blocked from before the first fork on, so that it stays pending until somebody takes it.
struct ChildEnds(SigSet);

impl ChildEnds {
    fn block() -> nix::Result<ChildEnds> {
        let mut set = SigSet::empty();
        set.add(Signal::SIGCHLD);
        set.thread_block()?;
        Ok(ChildEnds(set))
    }
    /// Sleeps until a child has changed, or the time is over.
    fn sleep(&self, left: Duration) {
        let time = libc::timespec {
            tv_sec: left.as_secs().min(1 << 30) as i64,
            tv_nsec: left.subsec_nanos() as i64,
        };
        unsafe { libc::sigtimedwait(self.0.as_ref(), std::ptr::null_mut(), &time) };
    }
}

enum Phase {
    Before(Box<dyn FnOnce() -> i32>),
    During(Pid, ChildEnds),
    After(Pid, i32),
    Taken,
}

pub struct Process {
    name: String,
    phase: Phase,
}

impl Process {
    pub fn new<A: 'static>(target: impl FnOnce(A) -> i32 + 'static, arguments: A) -> Process {
        let number = HOW_MANY.fetch_add(1, Ordering::Relaxed) + 1;
        Process {
            name: format!("Process-{number}"),
            phase: Phase::Before(Box::new(|| target(arguments))),
        }
    }

    pub fn named(self, name: &str) -> Process {
        Process { name: name.to_owned(), phase: self.phase }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn start(&mut self) -> io::Result<()> {
        if !matches!(self.phase, Phase::Before(_)) {
            return Err(Errno::EALREADY.into());
        }
        let ends = ChildEnds::block()?;
        match unsafe { fork() }? {
            ForkResult::Child => {
                let _ = ends.0.thread_unblock();
                let Phase::Before(target) = std::mem::replace(&mut self.phase, Phase::Taken) else {
                    unreachable!()
                };
                unsafe { libc::_exit(target()) }
            }
            ForkResult::Parent { child } => self.phase = Phase::During(child, ends),
        }
        Ok(())
    }

    pub fn pid(&self) -> Option<i32> {
        match &self.phase {
            Phase::During(pid, _) | Phase::After(pid, _) => Some(pid.as_raw()),
            _ => None,
        }
    }

    fn reap(&mut self, flags: WaitPidFlag) -> io::Result<bool> {
        let Phase::During(pid, _) = self.phase else { return Ok(true) };
        let code = loop {
            match waitpid(pid, Some(flags)) {
                Ok(WaitStatus::Exited(_, code)) => break code,
                Ok(WaitStatus::Signaled(_, signal, _)) => break -(signal as i32),
                Ok(_) => return Ok(false),
                Err(Errno::EINTR) => {}
                Err(e) => return Err(e.into()),
            }
        };
        self.phase = Phase::After(pid, code);
        Ok(true)
    }

    pub fn is_alive(&mut self) -> io::Result<bool> {
        Ok(self.pid().is_some() && !self.reap(WaitPidFlag::WNOHANG)?)
    }

    pub fn join(&mut self) -> io::Result<()> {
        self.pid().ok_or(Errno::ECHILD)?;
        self.reap(WaitPidFlag::empty())?;
        Ok(())
    }

    pub fn join_timeout(&mut self, timeout: Duration) -> io::Result<bool> {
        self.pid().ok_or(Errno::ECHILD)?;
        let start = Instant::now();
        while let Phase::During(_, ends) = &self.phase {
            let left = timeout.saturating_sub(start.elapsed());
            ends.sleep(left);
            if self.reap(WaitPidFlag::WNOHANG)? {
                return Ok(true);
            }
            if left.is_zero() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub fn exit_code(&self) -> Option<i32> {
        if let Phase::After(_, code) = self.phase { Some(code) } else { None }
    }
}
