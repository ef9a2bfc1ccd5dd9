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
        // SAFETY: the process has one thread.
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
            WaitStatus::Exited(_, status) => Ok(status),
            WaitStatus::Signaled(_, signal, _) => Ok(-(signal as i32)),
            _ => unreachable!(),
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

/// A sleep is always a little late, so get up early and watch the clock for the rest.
const EARLY: Duration = Duration::from_micros(200);

impl Process for Clock {
    fn run(&mut self) {
        let start = Instant::now();
        for tick in 1..=self.ticks {
            let due = self.interval * tick;
            if let Some(nap) = due.checked_sub(start.elapsed() + EARLY) {
                std::thread::sleep(nap);
            }
            while start.elapsed() < due {
                std::hint::spin_loop();
            }
            println!(
                "clock: pid={} tick={tick} time={}",
                std::process::id(),
                start.elapsed().as_nanos()
            );
        }
    }
}
