use std::io;
use std::process::id;
use std::thread;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
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
            // Told of everything that a signal can do to it.
            match waitpid(self.pid, Some(WaitPidFlag::WUNTRACED)) {
                Ok(WaitStatus::Exited(_, status)) => return Ok(status),
                Ok(WaitStatus::Signaled(_, signal, _)) => return Ok(-(signal as i32)),
                Ok(WaitStatus::Stopped(_, signal)) => return Ok(-(signal as i32)),
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
        for tick in 1..=self.ticks {
            let due = self.interval.saturating_mul(tick);
            thread::sleep(due.saturating_sub(start.elapsed()));
            println!("clock: pid={} tick={tick} time={}", id(), start.elapsed().as_nanos());
        }
    }
}
