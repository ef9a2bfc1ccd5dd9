use std::io;
use std::process::id;
use std::thread;
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
        match waitpid(self.pid, None)? {
            WaitStatus::Exited(_, status) => Ok(status),
            WaitStatus::Signaled(_, signal, _) => Ok(-(signal as i32)),
            other => Err(io::Error::other(format!("waitpid says {other:?}, which is no end"))),
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
        let began = raw();
        let start = Instant::now();
        for tick in 1..=self.ticks {
            let due = self.interval * tick;
            thread::sleep(due.saturating_sub(start.elapsed()));
            println!("clock: pid={} tick={tick} time={}", id(), raw() - began);
        }
    }
}

fn raw() -> i128 {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC_RAW, &mut t) };
    i128::from(t.tv_sec) * 1_000_000_000 + i128::from(t.tv_nsec)
}
