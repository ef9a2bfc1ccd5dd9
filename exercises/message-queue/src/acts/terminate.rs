//! Processes that are killed or terminated, or that drop the queue.

use std::io;
use std::process::exit;

use message_queue::Queue;
use nix::sys::signal::{Signal, kill, raise};
use nix::sys::wait::{WaitStatus, wait, waitpid};
use nix::unistd::{ForkResult, fork};
use stage::{Gate, event, until_asleep};

use crate::{start, wait_for};

/// A reader that nobody tells of an end is terminated when it has taken everything. Before,
/// somebody who made another queue is killed; afterwards the others go on, also when one has
/// dropped the queue.
pub fn terminate(queue: Queue, words: &[String]) -> io::Result<()> {
    let creator = start(|| {
        let own = Queue::new(2)?;
        own.put(b"item")?;
        raise(Signal::SIGKILL).map_err(io::Error::from)
    })?;
    waitpid(creator, None)?;

    let gate = Gate::new()?;
    let reader = start(|| {
        for taken in 1.. {
            let item = queue.get()?.unwrap_or_default();
            event("reader", format_args!("got {}", String::from_utf8_lossy(&item)));
            if taken == words.len() {
                gate.open()?;
            }
        }
        Ok(())
    })?;
    wait_for(vec![start(|| words.iter().try_for_each(|word| queue.put(word.as_bytes())))?])?;
    gate.pass()?;
    until_asleep(reader.as_raw());
    kill(reader, Signal::SIGTERM)?;
    if let WaitStatus::Signaled(_, signal, _) = waitpid(reader, None)? {
        event("main", format_args!("reader pid={reader} exit={}", -(signal as i32)));
    }

    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    if let ForkResult::Child = unsafe { fork() }? {
        {
            let _dropped = queue;
        }
        exit(0)
    }
    wait()?;
    let reader = start(|| queue.get().map(drop))?;
    until_asleep(reader.as_raw());
    queue.put(b"more")?;
    wait_for(vec![reader])?;
    event("main", "others go on");
    Ok(())
}
