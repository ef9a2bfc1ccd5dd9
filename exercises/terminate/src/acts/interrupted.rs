//! Signals that come while somebody waits, and are no reason to wait no longer.

use std::io;
use std::sync::atomic::Ordering;

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill as signal, sigaction};
use nix::unistd::Pid;
use stage::until_asleep;

use super::calls::MAIN;

/// From now on a signal ends every call that it interrupts, and nothing else.
pub fn be_interrupted() -> io::Result<()> {
    extern "C" fn ignore(_: libc::c_int) {}
    // Without SA_RESTART: the kernel ends what it interrupts.
    let action = SigAction::new(SigHandler::Handler(ignore), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing.
    unsafe { sigaction(Signal::SIGUSR1, &action) }?;
    Ok(())
}

/// Returns when the parent of this process sleeps, though it has been woken before.
///
/// A parent that would rather terminate this child has done so before it falls asleep.
pub fn until_parent_waits() {
    let parent = Pid::from_raw(MAIN.load(Ordering::Relaxed).cast_signed());
    for _ in 0..3 {
        until_asleep(parent.as_raw());
        // An orphan's new parent is not to be woken.
        if Pid::parent() == parent {
            signal(parent, Signal::SIGUSR1).expect("the parent is there");
        }
    }
    until_asleep(parent.as_raw());
}
