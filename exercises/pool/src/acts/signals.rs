//! Signals while somebody waits.

use std::io;

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::unistd::Pid;
use stage::until_asleep;

/// From now on a signal ends every call that it interrupts, and nothing else.
pub fn handle_signals() -> io::Result<()> {
    extern "C" fn ignore(_: i32) {}
    // Without SA_RESTART: the kernel ends what it interrupts.
    let action = SigAction::new(SigHandler::Handler(ignore), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing.
    unsafe { sigaction(Signal::SIGUSR1, &action) }?;
    Ok(())
}

/// Sends two signals to a process, when it waits for something.
pub fn send_signals(to: Pid) -> io::Result<()> {
    for _ in 0..2 {
        until_asleep(to.as_raw());
        kill(to, Signal::SIGUSR1)?;
    }
    Ok(())
}
