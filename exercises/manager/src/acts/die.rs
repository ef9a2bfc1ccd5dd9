//! Clients that are killed.

use std::io;

use nix::sys::signal::{Signal, kill, raise};
use nix::sys::wait::waitpid;
use stage::{Gate, event, until_asleep};

use crate::{Place, start, wait_for};

/// A client is killed while it holds the lock. Of three who wait for it two are killed before, and
/// the last gets it afterwards, though others have come meanwhile; one more asks later.
pub fn die(place: &Place<'_>) -> io::Result<()> {
    let (holds, go) = (Gate::new()?, Gate::new()?);
    let victim = start(|| {
        let mut client = place.connect()?;
        client.acquire()?;
        holds.open()?;
        go.pass()?;
        event("holder", "dies");
        raise(Signal::SIGKILL)?;
        Ok(())
    })?;
    holds.pass()?;
    let wait_in_line = |who: &str| {
        let came = Gate::new()?;
        let client = start(|| {
            let mut client = place.connect()?;
            came.open()?;
            client.acquire()?;
            // And ends while it holds the lock.
            event(who, "acquired");
            Ok(())
        })?;
        came.pass()?;
        until_asleep(client.as_raw());
        io::Result::Ok(client)
    };
    let impatient = [wait_in_line("impatient")?, wait_in_line("impatient")?];
    let waiter = wait_in_line("waiter")?;
    for client in impatient {
        kill(client, Signal::SIGKILL)?;
        waitpid(client, None)?;
    }
    // They may get the descriptors of those two, and do not wait.
    let mut newcomers = [place.connect()?, place.connect()?, place.connect()?];
    let free = newcomers[2].try_acquire()?;
    event("newcomer", format_args!("free={free}"));
    if free {
        newcomers[2].release()?;
    }
    // If it got the lock too early it says so by now.
    until_asleep(waiter.as_raw());
    go.open()?;
    waitpid(victim, None)?;
    wait_for(waiter)?;
    place.connect()?.acquire()?;
    event("main", "acquired");
    Ok(())
}
