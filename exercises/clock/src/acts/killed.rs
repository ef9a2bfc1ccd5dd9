//! A clock that is killed, and a greeter that is stopped.

use std::io;
use std::process::id;

use clock::{Clock, Process};
use nix::sys::signal::{SigHandler, Signal, kill, signal};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use stage::{Gate, event, until_asleep};

use crate::{Greeter, only_the_parent};

/// Starts a clock, which is interrupted and killed, and a greeter, which is stopped; joins the
/// greeter first.
pub fn one_is_killed(clock: Clock, greeter: Greeter, gate: &Gate) -> io::Result<()> {
    extern "C" fn nothing(_signal: libc::c_int) {}
    // SAFETY: the function may be called at any time.
    unsafe { signal(Signal::SIGUSR1, SigHandler::Handler(nothing)) }?;
    let parent = id();
    let clock = clock.start()?;
    only_the_parent(parent);
    let greeter = greeter.start()?;
    only_the_parent(parent);
    let pid = Pid::from_raw(clock.pid());
    // A clock that a signal wakes for good would say so by a tick.
    for interruption in [Signal::SIGUSR1, Signal::SIGUSR1, Signal::SIGSTOP] {
        until_asleep(clock.pid());
        kill(pid, interruption)?;
    }
    until_stopped(pid);
    kill(pid, Signal::SIGCONT)?;
    until_asleep(clock.pid());
    kill(pid, Signal::SIGKILL)?;
    // It has ended when this returns. Who watches his children may have reaped it by then.
    let _ = waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT);
    let stopped = Pid::from_raw(greeter.pid());
    kill(stopped, Signal::SIGSTOP)?;
    until_stopped(stopped);
    gate.open()?;
    let helper = Helper { stopped }.start()?;
    only_the_parent(parent);
    event("main", format_args!("greeter code={}", greeter.join()?));
    event("main", format_args!("clock code={}", clock.join()?));
    helper.join()?;
    Ok(())
}

/// Returns once a process is stopped, or has ended.
fn until_stopped(process: Pid) {
    let flags = WaitPidFlag::WSTOPPED | WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
    let _ = waitid(Id::Pid(process), flags);
}

/// Lets a process that is stopped go on when the parent of both sleeps.
struct Helper {
    stopped: Pid,
}

impl Process for Helper {
    fn run(&mut self) {
        until_asleep(Pid::parent().as_raw());
        let _ = kill(self.stopped, Signal::SIGCONT);
    }
}
