use std::io;
use std::process::id;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};

pub trait Process {
    fn run(&mut self);

    fn start(mut self) -> io::Result<Started>
    where
        Self: Sized,
    {
        // SAFETY: this process has one thread.
        match unsafe { fork() }? {
            ForkResult::Child => {
                self.run();
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
            match waitpid(self.pid, None)? {
                WaitStatus::Exited(_, code) => return Ok(code),
                WaitStatus::Signaled(_, signal, _) => return Ok(-(signal as i32)),
                _ => {}
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
        let began = SystemTime::now();
        let mut last = 0;
        for k in 1..=self.ticks {
            let due = self.interval * k;
            while start.elapsed() < due {
                thread::sleep(due - start.elapsed().min(due));
            }
            // If somebody has set the clock back, go on from the last time at least.
            let time = match began.elapsed() {
                Ok(t) => t.as_nanos().max(last + 1),
                Err(_) => last + 1,
            };
            last = time;
            println!("clock: pid={} tick={k} time={time}", id());
        }
    }
}
