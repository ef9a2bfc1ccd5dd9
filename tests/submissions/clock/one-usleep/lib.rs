use std::io;
use std::time::{Duration, Instant};

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

pub trait Process {
    fn run(&mut self);

    fn start(mut self) -> io::Result<Started>
    where
        Self: Sized,
    {
        match unsafe { fork() }? {
            ForkResult::Child => {
                self.run();
                unsafe { libc::_exit(0) }
            }
            ForkResult::Parent { child } => Ok(Started { child }),
        }
    }
}

pub struct Started {
    child: Pid,
}

impl Started {
    pub fn pid(&self) -> i32 {
        self.child.as_raw()
    }

    pub fn join(self) -> io::Result<i32> {
        match waitpid(self.child, None)? {
            WaitStatus::Exited(_, code) => Ok(code),
            WaitStatus::Signaled(_, signal, _) => Ok(-(signal as i32)),
            _ => Err(io::Error::other("no end")),
        }
    }
}

pub struct Clock {
    ticks: u32,
    interval: Duration,
}

impl Clock {
    pub fn new(ticks: u32, interval: Duration) -> Clock {
        Clock { ticks, interval }
    }
}

impl Process for Clock {
    fn run(&mut self) {
        let start = Instant::now();
        for tick in 1..=self.ticks {
            let due = self.interval * tick;
            let left = due.saturating_sub(start.elapsed()).as_micros() as u32;
            // one more, since it was rounded down
            unsafe { libc::usleep(left.wrapping_add(1)) };
            let time = start.elapsed().as_nanos();
            println!("clock: pid={} tick={} time={}", std::process::id(), tick, time);
        }
    }
}
