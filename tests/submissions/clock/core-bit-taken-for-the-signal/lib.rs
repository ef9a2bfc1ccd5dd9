use std::io;
use std::process::id;
use std::thread::sleep;
use std::time::{Duration, Instant};

pub trait Process {
    fn run(&mut self);

    fn start(mut self) -> io::Result<Started>
    where
        Self: Sized,
    {
        let pid = unsafe { libc::fork() };
        if pid < 0 {
            return Err(io::Error::last_os_error());
        }
        if pid == 0 {
            self.run();
            unsafe { libc::_exit(0) };
        }
        Ok(Started { pid })
    }
}

pub struct Started {
    pid: libc::pid_t,
}

impl Started {
    pub fn pid(&self) -> i32 {
        self.pid
    }

    pub fn join(self) -> io::Result<i32> {
        let mut status: libc::c_int = 0;
        while unsafe { libc::waitpid(self.pid, &mut status, 0) } == -1 {
            let error = io::Error::last_os_error();
            if error.raw_os_error() != Some(libc::EINTR) {
                return Err(error);
            }
        }
        // low byte: the signal; high byte: the status
        let (low, high) = (status & 0xff, (status >> 8) & 0xff);
        if low != 0 { Ok(-low) } else { Ok(high) }
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
        let mut due = Duration::ZERO;
        for tick in 1..self.ticks + 1 {
            due += self.interval;
            let now = start.elapsed();
            if now < due {
                sleep(due - now);
            }
            println!("clock: pid={} tick={} time={}", id(), tick, start.elapsed().as_nanos());
        }
    }
}
