//! Has the kernel send signals to others for it: as owners of descriptors, by timers, by queues.
//! verdict: pass
use std::io::Write;
use std::os::fd::AsRawFd;
unsafe extern "C" { fn fcntl(descriptor: i32, command: i32, argument: i64) -> i32; fn getppid() -> i32; fn syscall(number: i64, ...) -> i64; fn pidfd_open(pid: i32, flags: u32) -> i32; }
#[cfg(target_arch = "x86_64")]
const CALLS: [i64; 3] = [129, 297, 424];
#[cfg(target_arch = "aarch64")]
const CALLS: [i64; 3] = [138, 240, 424];
fn main() {
    const F_SETFL: i32 = 4;
    const F_SETOWN: i32 = 8;
    const F_SETSIG: i32 = 10;
    const O_ASYNC_NONBLOCK: i64 = 0o20000 | 0o4000;
    let [queue, queue_to_thread, by_descriptor] = CALLS;
    for pid in [1, unsafe { getppid() }] {
        for kill in [9, 19] {
            let (ours, mut theirs) = std::os::unix::net::UnixStream::pair().unwrap();
            unsafe {
                fcntl(ours.as_raw_fd(), F_SETOWN, pid.into());
                fcntl(ours.as_raw_fd(), F_SETSIG, kill);
                fcntl(ours.as_raw_fd(), F_SETFL, O_ASYNC_NONBLOCK);
                theirs.write_all(b"x").unwrap();
                let info = [kill as i32, 0, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
                syscall(queue, pid, kill, info.as_ptr());
                syscall(queue_to_thread, pid, pid, kill, info.as_ptr());
                syscall(by_descriptor, pidfd_open(pid, 0), kill, 0usize, 0);
            }
        }
    }
    println!("still here");
}
