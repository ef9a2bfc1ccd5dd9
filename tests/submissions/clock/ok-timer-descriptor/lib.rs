use std::io;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getpid, read};

pub trait Process {
    fn run(&mut self);

    fn start(mut self) -> io::Result<Started>
    where
        Self: Sized,
    {
        // SAFETY: the process has a single thread.
        match unsafe { fork() }? {
            ForkResult::Child => {
                self.run();
                // SAFETY: ends.
                unsafe { libc::_exit(0) }
            }
            ForkResult::Parent { child } => Ok(Started(child)),
        }
    }
}

pub struct Started(Pid);

impl Started {
    pub fn pid(&self) -> i32 {
        self.0.as_raw()
    }

    pub fn join(self) -> io::Result<i32> {
        loop {
            return match waitpid(self.0, None) {
                Ok(WaitStatus::Exited(_, status)) => Ok(status),
                Ok(WaitStatus::Signaled(_, signal, _)) => Ok(-(signal as i32)),
                Ok(_) | Err(Errno::EINTR) => continue,
                Err(e) => Err(e.into()),
            };
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

/// The numbers of intervals that have gone by, each one once.
struct Intervals {
    timer: TimerFd,
    over: u64,
    told: u64,
}

impl Intervals {
    fn of(interval: Duration) -> nix::Result<Intervals> {
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_CLOEXEC)?;
        let every = Expiration::Interval(TimeSpec::from(interval));
        timer.set(every, TimerSetTimeFlags::empty())?;
        Ok(Intervals { timer, over: 0, told: 0 })
    }
}

impl Iterator for Intervals {
    type Item = u64;
    fn next(&mut self) -> Option<u64> {
        while self.told == self.over {
            let mut count = [0; 8];
            match read(&self.timer, &mut count) {
                Ok(8) => self.over += u64::from_ne_bytes(count),
                Err(Errno::EINTR) => {}
                _ => return None,
            }
        }
        self.told += 1;
        Some(self.told)
    }
}

impl Process for Clock {
    fn run(&mut self) {
        let begin = Instant::now();
        let intervals = Intervals::of(self.interval).expect("a timer");
        for tick in intervals.take(self.ticks as usize) {
            println!("clock: pid={} tick={tick} time={}", getpid(), begin.elapsed().as_nanos());
        }
    }
}
