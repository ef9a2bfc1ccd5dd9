use std::io;
use std::time::{Duration, Instant};

/// A point of time to sleep until, moved on by one interval per tick.
struct Deadline {
    at: libc::timespec,
    step: i64,
}

impl Deadline {
    fn new(interval: Duration) -> Deadline {
        let mut at = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut at) };
        Deadline { at, step: interval.as_nanos() as i64 }
    }

    fn advance(&mut self) {
        self.at.tv_nsec += self.step;
        if self.at.tv_nsec >= 1_000_000_000 {
            self.at.tv_sec += 1;
            self.at.tv_nsec -= 1_000_000_000;
        }
    }

    fn sleep(&self) {
        loop {
            let rc = unsafe {
                libc::clock_nanosleep(
                    libc::CLOCK_MONOTONIC,
                    libc::TIMER_ABSTIME,
                    &self.at,
                    std::ptr::null_mut(),
                )
            };
            if rc != libc::EINTR {
                break;
            }
        }
    }
}

pub trait Process {
    fn run(&mut self);

    fn start(mut self) -> io::Result<Started>
    where
        Self: Sized,
    {
        match unsafe { libc::fork() } {
            -1 => Err(io::Error::last_os_error()),
            0 => {
                self.run();
                unsafe { libc::_exit(0) }
            }
            pid => Ok(Started { pid }),
        }
    }
}

pub struct Started {
    pid: i32,
}

impl Started {
    pub fn pid(&self) -> i32 {
        self.pid
    }

    pub fn join(self) -> io::Result<i32> {
        let mut status = 0;
        while unsafe { libc::waitpid(self.pid, &mut status, 0) } == -1 {
            let e = io::Error::last_os_error();
            if e.raw_os_error() != Some(libc::EINTR) {
                return Err(e);
            }
        }
        if libc::WIFEXITED(status) {
            Ok(libc::WEXITSTATUS(status))
        } else {
            Ok(-libc::WTERMSIG(status))
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
        let begin = Instant::now();
        let mut deadline = Deadline::new(self.interval);
        for tick in 1..=self.ticks {
            deadline.advance();
            deadline.sleep();
            println!(
                "clock: pid={} tick={tick} time={}",
                std::process::id(),
                begin.elapsed().as_nanos()
            );
        }
    }
}
