//! The end of the server, shut down or killed, while clients need it.

use std::io;

use manager::{Client, Manager};
use nix::sys::signal::{Signal, kill};
use stage::{Gate, event, until_asleep};

use super::child::first_child;
use crate::{PI, Place, start, wait_for};

/// One client waits for the lock that another holds. Both stay until the server has ended, and ask
/// again when there is another at the same place. Where there can be no socket there is no server.
pub fn end(place: &Place<'_>, manager: Manager) -> io::Result<()> {
    let over = Gate::new()?;
    let nowhere = place.path.join("nowhere");
    let refused = Manager::start(&nowhere, place.key).is_err();
    event("main", format_args!("nowhere={}", if refused { "refused" } else { "started" }));
    let mut holder = place.connect()?;
    holder.acquire()?;
    let came = Gate::new()?;
    let waiter = start(|| {
        let mut client = place.connect()?;
        came.open()?;
        // It may get the lock yet, if the server hangs up on the holder first.
        let _ = client.acquire();
        over.pass()?;
        event("waiter", served(&mut client));
        Ok(())
    })?;
    came.pass()?;
    until_asleep(waiter.as_raw());
    // A child that is no concern of the manager's.
    let own = start(|| Ok(()))?;
    until_asleep(own.as_raw());
    manager.shutdown()?;
    event("main", format_args!("own={}", if wait_for(own).is_ok() { "there" } else { "taken" }));
    let another = Manager::start(place.path, place.key)?;
    over.open()?;
    wait_for(waiter)?;
    event("holder", served(&mut holder));
    another.shutdown()?;
    event("main", format_args!("socket={}", place.state()));
    Ok(())
}

/// The server is killed, while one client waits for the lock that another holds.
pub fn killed(place: &Place<'_>, manager: Manager) -> io::Result<()> {
    let server = first_child().ok_or(io::ErrorKind::NotFound)?;
    let mut holder = place.connect()?;
    holder.acquire()?;
    let came = Gate::new()?;
    let waiter = start(|| {
        let mut client = place.connect()?;
        came.open()?;
        event("waiter", if client.acquire().is_ok() { "served" } else { "refused" });
        Ok(())
    })?;
    came.pass()?;
    until_asleep(waiter.as_raw());
    kill(server, Signal::SIGKILL)?;
    wait_for(waiter)?;
    event("late", if place.connect().is_ok() { "served" } else { "refused" });
    // Which may be an error.
    let _ = manager.shutdown();
    event("main", format_args!("socket={}", place.state()));
    Ok(())
}

/// `refused` if every call is an error.
fn served(client: &mut Client) -> &'static str {
    let answers = [
        client.set("pi", PI).is_ok(),
        client.get("pi").is_ok(),
        client.push(1).is_ok(),
        client.replace(0, 1).is_ok(),
        client.list().is_ok(),
        client.acquire().is_ok(),
        client.try_acquire().is_ok(),
        client.release().is_ok(),
        client.update(0, |item| item).is_ok(),
    ];
    if answers.contains(&true) { "served" } else { "refused" }
}
