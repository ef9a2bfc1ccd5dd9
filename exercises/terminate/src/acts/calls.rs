//! C's `getppid` and `kill`, in whose place other ones stand.

use std::process::id;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use stage::event;

/// The process that is killed when a child has asked for its parent and does not know it yet.
pub static ASKED_FOR: AtomicI32 = AtomicI32::new(0);

/// Takes the place of the C library's, for all of this program: a parent may end between a
/// question for it and whatever the child does next.
// SAFETY: it does what a `getppid` does.
#[unsafe(no_mangle)]
extern "C" fn getppid() -> libc::pid_t {
    // SAFETY: the call cannot fail, and has no conditions.
    let ask = || unsafe { libc::syscall(libc::SYS_getppid) } as libc::pid_t;
    let parent = ask();
    if parent == ASKED_FOR.load(Ordering::Relaxed) {
        // SAFETY: a signal to the parent of this process, which is there until it gets it.
        unsafe { libc::syscall(libc::SYS_kill, parent, libc::SIGKILL) };
        while ask() == parent {
            thread::sleep(Duration::from_millis(1));
        }
    }
    parent
}

/// The process whose signals are looked at.
pub static MAIN: AtomicU32 = AtomicU32::new(0);

/// Takes the place of the C library's, for all of this program: a signal to somebody who is no
/// child of the caller's, as one that has been reaped, is told.
// SAFETY: it does what a `kill` does.
#[unsafe(no_mangle)]
extern "C" fn kill(pid: libc::pid_t, signal: libc::c_int) -> libc::c_int {
    if pid > 0 && signal != 0 && id() == MAIN.load(Ordering::Relaxed) {
        let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        if waitid(Id::Pid(Pid::from_raw(pid)), look).is_err() {
            event("main", format_args!("signals pid={pid}"));
        }
    }
    // SAFETY: a system call on plain numbers.
    unsafe { libc::syscall(libc::SYS_kill, pid, signal) as libc::c_int }
}
