use std::fs::File;
use std::io::{self, Read};
use std::os::fd::FromRawFd;
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
        loop {
            return match waitpid(self.child, None) {
                Ok(WaitStatus::Exited(_, s)) => Ok(s),
                Ok(WaitStatus::Signaled(_, s, _)) => Ok(-(s as i32)),
                Ok(_) | Err(Errno::EINTR) => continue,
                Err(e) => Err(e.into()),
            };
        }
    }
}

struct Ticker {
    file: File,
}

impl Ticker {
    fn new(interval: Duration) -> io::Result<Ticker> {
        let time = libc::timespec {
            tv_sec: interval.as_secs() as _,
            tv_nsec: interval.subsec_nanos() as _,
        };
        let spec = libc::itimerspec { it_interval: time, it_value: time };
        unsafe {
            let fd = libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_CLOEXEC);
            if fd < 0 || libc::timerfd_settime(fd, 0, &spec, std::ptr::null_mut()) < 0 {
                return Err(io::Error::last_os_error());
            }
            Ok(Ticker { file: File::from_raw_fd(fd) })
        }
    }
    /// Sleeps; how many ticks have come since the last time.
    fn wait(&mut self) -> io::Result<u64> {
        let mut n = [0; 8];
        self.file.read_exact(&mut n)?;
        Ok(u64::from_ne_bytes(n))
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
        let mut ticker = Ticker::new(self.interval).expect("timer");
        let mut tick = 0;
        while tick < self.ticks {
            let come = ticker.wait().expect("timer");
            let time = start.elapsed().as_nanos();
            for _ in 0..come.min((self.ticks - tick).into()) {
                tick += 1;
                println!("clock: pid={} tick={tick} time={time}", std::process::id());
            }
        }
    }
}
