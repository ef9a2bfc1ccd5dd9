//! Children that have ended by themselves, or have been stopped.

use std::io;

use nix::sys::signal::{Signal, kill as signal};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use terminate::Child;

use crate::{ended, look};

pub fn known() -> io::Result<()> {
    let mut child = ended()?;
    look("seen", &mut child)?;
    child.terminate()?;
    child.join()?;
    look("again", &mut child)
}

/// Returns when a child has ended. Who watches his children may have reaped it by then.
pub fn until_ended(child: &Child) {
    let _ =
        waitid(Id::Pid(Pid::from_raw(child.pid())), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT);
}

/// Stops a child, and returns when it has been stopped.
pub fn stop(child: &Child) -> io::Result<Pid> {
    let pid = Pid::from_raw(child.pid());
    signal(pid, Signal::SIGSTOP)?;
    waitid(Id::Pid(pid), WaitPidFlag::WSTOPPED | WaitPidFlag::WNOWAIT)?;
    Ok(pid)
}
