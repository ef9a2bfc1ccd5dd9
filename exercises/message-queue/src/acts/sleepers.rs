//! Readers and writers that sleep.

use std::io;

use message_queue::Queue;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, kill, sigaction};
use stage::{event, until_asleep};

use crate::{start, wait_for};

/// As many readers sleep as items come, one right after the other, and each takes one. Then as
/// many writers as places become free. Each of them handles a signal while it sleeps.
pub fn one_for_each_sleeper(queue: &Queue, capacity: usize, sleepers: usize) -> io::Result<()> {
    extern "C" fn ignore(_: i32) {}
    // Without SA_RESTART: the kernel ends what it interrupts.
    let action = SigAction::new(SigHandler::Handler(ignore), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing.
    unsafe { sigaction(Signal::SIGUSR1, &action) }?;
    let asleep = |job: &dyn Fn() -> io::Result<()>| {
        let told = || job().inspect_err(|error| event("sleeper", format_args!("failed: {error}")));
        let pids: Vec<_> = (0..sleepers).map(|_| start(told)).collect::<io::Result<_>>()?;
        pids.iter().for_each(|pid| until_asleep(pid.as_raw()));
        pids.iter().try_for_each(|&pid| kill(pid, Signal::SIGUSR1))?;
        pids.iter().for_each(|pid| until_asleep(pid.as_raw()));
        io::Result::Ok(pids)
    };
    let readers = asleep(&|| queue.get().map(drop))?;
    (0..sleepers).try_for_each(|_| queue.put(b"item"))?;
    wait_for(readers)?;
    event("main", format_args!("every reader has one, left={}", queue.count()?));

    (0..capacity).try_for_each(|_| queue.put(b"item"))?;
    let writers = asleep(&|| queue.put(b"item"))?;
    (0..sleepers).try_for_each(|_| queue.get().map(drop))?;
    wait_for(writers)?;
    event("main", format_args!("every writer put one, left={}", queue.count()?));
    Ok(())
}

/// Puts as long as there is room, and then one more: it sleeps for ever.
pub fn until_full(queue: &Queue) -> io::Result<()> {
    for number in 1..100 {
        queue.put(&[number])?;
        event("writer", format_args!("put {number}"));
    }
    Ok(())
}
