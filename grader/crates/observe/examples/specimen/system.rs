//! The system calls that the specimens share.

use std::ffi::c_void;
use std::time::Duration;

/// What a specimen does.
pub(crate) type Behaviour = (&'static str, fn());

/// Forks a child that does `work` and exits with the code that it returns.
pub(crate) fn fork(work: impl FnOnce() -> i32) -> i32 {
    match unsafe { libc::fork() } {
        0 => unsafe { libc::_exit(work()) },
        pid => pid,
    }
}

/// Waits for one child.
pub(crate) fn wait(pid: i32) {
    let mut status = 0;
    unsafe { libc::waitpid(pid, &raw mut status, 0) };
}

/// Waits for a child to end without reaping it.
pub(crate) fn wait_without_reaping(pid: i32) {
    unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let flags = libc::WEXITED | libc::WNOWAIT;
        libc::waitid(libc::P_PID, pid as libc::id_t, &raw mut info, flags);
    }
}

/// The read end and the write end of a new pipe.
pub(crate) fn pipe() -> (i32, i32) {
    let mut ends = [0; 2];
    assert_eq!(unsafe { libc::pipe(ends.as_mut_ptr()) }, 0);
    (ends[0], ends[1])
}

pub(crate) fn close(descriptor: i32) {
    unsafe { libc::close(descriptor) };
}

/// Reads once; the number of bytes.
pub(crate) fn read(descriptor: i32) -> isize {
    let mut buffer = [0u8; 64];
    unsafe { libc::read(descriptor, buffer.as_mut_ptr().cast::<c_void>(), buffer.len()) }
}

pub(crate) fn write(descriptor: i32, bytes: &[u8]) -> isize {
    unsafe { libc::write(descriptor, bytes.as_ptr().cast::<c_void>(), bytes.len()) }
}

/// Memory that children share.
pub(crate) fn shared<T>() -> *mut T {
    let (read_write, shared) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
    let at = unsafe {
        libc::mmap(std::ptr::null_mut(), 4096, read_write, shared | libc::MAP_ANONYMOUS, -1, 0)
    };
    at.cast()
}

pub(crate) fn sleep(milliseconds: u64) {
    std::thread::sleep(Duration::from_millis(milliseconds));
}

/// Prints, to the nanosecond, when the caller is about to block.
pub(crate) fn mark() {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    // In one piece, since others do the same.
    let text =
        format!("blocks {}\n", i128::from(now.tv_sec) * 1_000_000_000 + i128::from(now.tv_nsec));
    write(2, text.as_bytes());
}
