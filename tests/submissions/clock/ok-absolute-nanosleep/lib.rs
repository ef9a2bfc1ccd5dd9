use std::io;
use std::time::Duration;
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
            std::process::exit(0);
        }
        Ok(Started(pid))
    }
}
pub struct Started(i32);
impl Started {
    pub fn pid(&self) -> i32 {
        self.0
    }
    pub fn join(self) -> io::Result<i32> {
        let mut w = 0;
        while unsafe { libc::waitpid(self.0, &mut w, 0) } < 0 {
            let e = io::Error::last_os_error();
            if e.kind() != io::ErrorKind::Interrupted {
                return Err(e);
            }
        }
        if libc::WIFSIGNALED(w) { Ok(-libc::WTERMSIG(w)) } else { Ok(libc::WEXITSTATUS(w)) }
    }
}
pub struct Clock {
    left: u32,
    every: Duration,
}
impl Clock {
    pub fn new(ticks: u32, interval: Duration) -> Clock {
        Clock { left: ticks, every: interval }
    }
}
fn now() -> i128 {
    let mut t = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut t) };
    t.tv_sec as i128 * 1_000_000_000 + t.tv_nsec as i128
}
impl Process for Clock {
    fn run(&mut self) {
        let zero = now();
        let mut n = 0;
        while self.left > 0 {
            self.left -= 1;
            n += 1;
            let due = zero + n * self.every.as_nanos() as i128;
            let t = libc::timespec {
                tv_sec: (due / 1_000_000_000) as _,
                tv_nsec: (due % 1_000_000_000) as _,
            };
            while unsafe {
                libc::clock_nanosleep(
                    libc::CLOCK_MONOTONIC,
                    libc::TIMER_ABSTIME,
                    &t,
                    std::ptr::null_mut(),
                )
            } == libc::EINTR
            {}
            println!("clock: pid={} tick={} time={}", std::process::id(), n, now() - zero);
        }
    }
}
