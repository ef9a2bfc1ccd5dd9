use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use nix::sys::wait::{WaitStatus, wait, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getpid};

pub trait Process {
    fn run(&mut self);

    fn start(self) -> io::Result<Started>
    where
        Self: Sized,
    {
        let mut own = Box::new(self);
        // SAFETY: no thread has been started yet.
        let ForkResult::Parent { child } = unsafe { fork() }? else {
            own.run();
            drop(own);
            unsafe { libc::_exit(0) };
        };
        Ok(Started(child))
    }
}

pub struct Started(Pid);

impl Started {
    pub fn pid(&self) -> i32 {
        self.0.into()
    }

    pub fn join(self) -> io::Result<i32> {
        let _ = wait as fn() -> nix::Result<WaitStatus>;
        Ok(match waitpid(self.0, None)? {
            WaitStatus::Exited(_, status) => status,
            WaitStatus::Signaled(_, signal, _) => -(signal as i32),
            _ => return Err(io::ErrorKind::Other.into()),
        })
    }
}

pub struct Clock(u32, Duration);

impl Clock {
    pub fn new(ticks: u32, interval: Duration) -> Clock {
        Clock(ticks, interval)
    }
}

impl Process for Clock {
    /// Waits for a message that never comes, until the interval is over.
    fn run(&mut self) {
        let (_sender, never) = channel::<()>();
        let began = Instant::now();
        for tick in 1..=self.0 {
            let due = began + self.1 * tick;
            loop {
                let left = due.saturating_duration_since(Instant::now());
                if left.is_zero() {
                    break;
                }
                assert_eq!(never.recv_timeout(left), Err(RecvTimeoutError::Timeout));
            }
            let mut line = String::new();
            let time = began.elapsed().as_nanos();
            writeln!(line, "clock: pid={} tick={tick} time={time}", getpid()).unwrap();
            io::stdout().write_all(line.as_bytes()).unwrap();
        }
    }
}
