//! Signals that come while a process waits for the lock.

use std::io;

use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use nix::sys::wait::waitpid;
use process_lock::ProcessLock;
use stage::{Gate, event, until_asleep};

use crate::start;

/// How many signals one process gets.
const SIGNALS: usize = 20;

/// A process waits for the lock, and signals come that it handles; then main lets go.
pub fn wait_through_a_signal(lock: &ProcessLock) -> io::Result<()> {
    extern "C" fn ignore(_: i32) {}
    let (ready, taken, back, tried) = (Gate::new()?, Gate::new()?, Gate::new()?, Gate::new()?);
    let waiter = start(
        "waiter",
        || {
            back.open()?;
            tried.pass()
        },
        || {
            // Without SA_RESTART: the kernel ends what it interrupts.
            let action =
                SigAction::new(SigHandler::Handler(ignore), SaFlags::empty(), SigSet::empty());
            // SAFETY: the handler does nothing.
            unsafe { sigaction(Signal::SIGUSR1, &action) }?;
            ready.open()?;
            taken.pass()?;
            match lock.acquire() {
                Ok(()) => event("waiter", "acquired"),
                Err(error) => event("waiter", format_args!("failed: {error}")),
            }
            Ok(())
        },
    )?;
    ready.pass()?;
    lock.acquire()?;
    taken.open()?;
    until_asleep(waiter.as_raw());
    for _ in 0..SIGNALS {
        kill(waiter, Signal::SIGUSR1)?;
        until_asleep(waiter.as_raw());
    }
    lock.release()?;
    // It is back from `acquire`, and keeps the lock.
    back.pass()?;
    event("main", format_args!("while waiter has it={}", lock.try_acquire()?));
    tried.open()?;
    waitpid(waiter, None)?;
    Ok(())
}
