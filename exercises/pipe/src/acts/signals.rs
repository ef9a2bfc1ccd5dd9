//! Signals to the parent.

use std::fs;
use std::io;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::unistd::Pid;
use stage::until_asleep;

/// From now on a signal ends every call that it interrupts, and nothing else.
pub fn be_interrupted() -> io::Result<()> {
    extern "C" fn ignore(_: libc::c_int) {}
    // Without SA_RESTART: the kernel ends what it interrupts.
    let action = SigAction::new(SigHandler::Handler(ignore), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing.
    unsafe { sigaction(Signal::SIGUSR1, &action) }?;
    Ok(())
}

pub fn interrupt_sleep(parent: Pid) {
    until_asleep(parent.as_raw());
    kill(parent, Signal::SIGUSR1).expect("the parent is there");
}

/// Stops the parent, and returns when it has come to a stop, or seems not to.
pub fn stop(parent: Pid) {
    kill(parent, Signal::SIGSTOP).expect("the parent is there");
    for _ in 0..2_000 {
        let stat = fs::read_to_string(format!("/proc/{parent}/stat")).unwrap_or_default();
        // The state stands behind the name, which may hold anything.
        if stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with(['T', 't'])) {
            return;
        }
        thread::sleep(Duration::from_millis(1));
    }
}
