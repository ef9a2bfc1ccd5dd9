//! Takes locks on files that everybody uses, and holds them in a process that it leaves.
//! verdict: leak
use std::os::fd::AsRawFd;
unsafe extern "C" { fn fork() -> i32; fn pause() -> i32; fn flock(descriptor: i32, how: i32) -> i32; fn fcntl(descriptor: i32, command: i32, argument: i64) -> i32; }
fn main() {
    let names = ["/bin/sh", "/usr/bin/env", "/lib64/ld-linux-x86-64.so.2", "/proc/self/exe"];
    let held: Vec<_> = names.iter().filter_map(|name| std::fs::File::open(name).ok()).collect();
    for file in &held {
        const LOCK_EX_NB: i32 = 6;
        const F_SETLEASE: i32 = 1024;
        const F_NOTIFY: i32 = 1026;
        unsafe {
            flock(file.as_raw_fd(), LOCK_EX_NB);
            fcntl(file.as_raw_fd(), F_SETLEASE, 1);
            fcntl(file.as_raw_fd(), F_NOTIFY, 63);
        }
    }
    if unsafe { fork() } == 0 {
        loop {
            unsafe { pause() };
        }
    }
}
