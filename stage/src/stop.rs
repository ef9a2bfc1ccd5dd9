//! Being stopped for a while, which is no end.
#![expect(unsafe_code, reason = "fork, signals and waiting are system calls")]

use std::process::{exit, id};
use std::thread;
use std::time::Duration;

use crate::asleep::state;

/// How often whoever lets the process go on looks whether it is time.
const LOOKS: usize = 2_000;
const PAUSE: Duration = Duration::from_millis(1);

/// Stops the calling process, which must have a single thread, until its parent sleeps.
///
/// A child of its own lets it go on, also where the parent never sleeps, or cannot be looked at; it
/// is reaped here.
///
/// # Panics
/// If there may be no other process.
pub fn stop_for_a_while() {
    let stopped_one = id().cast_signed();
    // SAFETY: system calls with plain numbers; this process has one thread, so the child may do
    // whatever the parent may.
    unsafe {
        let parent = libc::getppid();
        match libc::fork() {
            0 => {
                wait_until_it_is_time(stopped_one, parent);
                while libc::getppid() == stopped_one {
                    libc::kill(stopped_one, libc::SIGCONT);
                    thread::sleep(PAUSE);
                }
                exit(0)
            }
            -1 => panic!("no process to let this one go on: {}", std::io::Error::last_os_error()),
            child => {
                libc::raise(libc::SIGSTOP);
                libc::kill(child, libc::SIGKILL);
                libc::waitpid(child, std::ptr::null_mut(), 0);
            }
        }
    }
}

fn wait_until_it_is_time(stopped_one: i32, parent: i32) {
    let stopped = || matches!(state(stopped_one), Some('T' | 't'));
    let asleep = || matches!(state(parent), Some('S') | None);
    for _ in 0..LOOKS {
        // Whoever is being stopped is seen to be so a moment before its parent is woken.
        let before = stopped() && asleep();
        thread::sleep(PAUSE);
        if before && stopped() && asleep() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::env::{current_exe, var_os};
    use std::process::Command;

    use super::*;

    const INSIDE: &str = "STAGE_TEST_IS_STOPPED";

    #[test]
    fn who_is_stopped_goes_on_and_has_no_child_left() {
        if var_os(INSIDE).is_some() {
            stop_for_a_while();
            // SAFETY: a system call that takes null for what is not wanted.
            let left = unsafe { libc::waitpid(-1, std::ptr::null_mut(), libc::WNOHANG) };
            assert_eq!(left, -1);
            return;
        }
        let name = "stop::tests::who_is_stopped_goes_on_and_has_no_child_left";
        let mut again = Command::new(current_exe().unwrap());
        let output = again.args(["--exact", name, "--test-threads=1"]).env(INSIDE, "").output();
        assert!(output.unwrap().status.success());
    }
}
