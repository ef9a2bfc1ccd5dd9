use std::io;
use std::time::Duration;

pub trait Process {
    fn run(&mut self);

    fn start(self) -> io::Result<Started>
    where
        Self: Sized,
    {
        start(self)
    }
}

/// The child does its work and leaves by std's exit.
fn start(mut process: impl Process) -> io::Result<Started> {
    // SAFETY: one thread.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            process.run();
            std::process::exit(0)
        }
        pid => Ok(Started { pid, code: None }),
    }
}

pub struct Started {
    pid: i32,
    code: Option<i32>,
}

impl Started {
    pub fn pid(&self) -> i32 {
        self.pid
    }

    pub fn join(mut self) -> io::Result<i32> {
        while self.code.is_none() {
            let mut status = 0;
            // SAFETY: the status is valid.
            if unsafe { libc::waitpid(self.pid, &mut status, 0) } < 0 {
                return Err(io::Error::last_os_error());
            }
            if libc::WIFEXITED(status) {
                self.code = Some(libc::WEXITSTATUS(status));
            } else if libc::WIFSIGNALED(status) {
                self.code = Some(-libc::WTERMSIG(status));
            }
        }
        self.code.ok_or_else(|| io::Error::other("no code"))
    }
}

pub struct Clock {
    left: u32,
    interval: Duration,
}

impl Clock {
    pub fn new(ticks: u32, interval: Duration) -> Clock {
        Clock { left: ticks, interval }
    }
}

/// Nanoseconds of the monotonic clock.
fn now() -> u128 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the place is valid.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    time.tv_sec as u128 * 1_000_000_000 + time.tv_nsec as u128
}

impl Process for Clock {
    fn run(&mut self) {
        let began = now();
        let mut tick = 0;
        while self.left > 0 {
            std::thread::sleep(self.interval);
            self.left -= 1;
            tick += 1;
            let time = now() - began;
            println!("clock: pid={} tick={tick} time={time}", std::process::id());
        }
    }
}
