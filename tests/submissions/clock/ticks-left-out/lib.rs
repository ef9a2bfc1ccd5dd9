use std::io;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

pub trait Process {
    fn run(&mut self);

    fn start(mut self) -> io::Result<Started>
    where
        Self: Sized,
    {
        // SAFETY: one thread.
        match unsafe { fork() }? {
            ForkResult::Child => {
                self.run();
                // SAFETY: ends.
                unsafe { libc::_exit(0) }
            }
            ForkResult::Parent { child } => Ok(Started { pid: child }),
        }
    }
}

pub struct Started {
    pid: Pid,
}

impl Started {
    pub fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    pub fn join(self) -> io::Result<i32> {
        loop {
            match waitpid(self.pid, None) {
                Ok(WaitStatus::Exited(_, code)) => return Ok(code),
                Ok(WaitStatus::Signaled(_, signal, _)) => return Ok(-(signal as i32)),
                Ok(_) | Err(Errno::EINTR) => {}
                Err(e) => return Err(e.into()),
            }
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
        let interval = self.interval.as_nanos();
        let mut tick = 0;
        while tick < self.ticks as u128 {
            // until the next multiple of the interval
            let due = (tick + 1) * interval;
            let mut now = start.elapsed().as_nanos();
            while now < due {
                let left = (due - now).min(u64::MAX as u128) as u64;
                std::thread::sleep(Duration::from_nanos(left));
                now = start.elapsed().as_nanos();
            }
            tick = (now / interval).min(self.ticks as u128);
            println!("clock: pid={} tick={} time={}", std::process::id(), tick, now);
        }
    }
}
