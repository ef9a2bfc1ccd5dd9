//! Signals, and who handles them.

use std::io;

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

pub fn handle(signal: Signal, handler: extern "C" fn(i32)) -> io::Result<()> {
    let action = SigAction::new(SigHandler::Handler(handler), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handlers here do nothing, or what a handler may do.
    unsafe { sigaction(signal, &action) }?;
    Ok(())
}

pub extern "C" fn ignore(_: i32) {}
