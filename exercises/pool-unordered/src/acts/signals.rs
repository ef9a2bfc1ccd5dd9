//! Signals while somebody waits.

use std::io;

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::unistd::Pid;
use stage::until_asleep;

/// From now on this signal ends every call that it interrupts, and nothing else.
pub fn handle(signal: Signal) -> io::Result<()> {
    extern "C" fn ignore(_: i32) {}
    // Without SA_RESTART: the kernel ends what it interrupts.
    let action = SigAction::new(SigHandler::Handler(ignore), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing.
    unsafe { sigaction(signal, &action) }?;
    Ok(())
}

/// Sends two signals to main, when it waits for a result.
pub fn send_signals(main: Pid) -> io::Result<()> {
    for _ in 0..2 {
        until_asleep(main.as_raw());
        kill(main, Signal::SIGUSR1)?;
    }
    Ok(())
}
