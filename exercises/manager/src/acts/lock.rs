//! One client holds the lock, or is in an update, and others are there.

use std::fs;
use std::io::{self, Write};
use std::os::unix::net::UnixStream;

use stage::{Gate, event, until_asleep};

use crate::{PI, Place, start, wait_for};

/// While one client updates, another tries to get the lock; and the same with the lock alone.
pub fn inside(place: &Place<'_>) -> io::Result<()> {
    let (mut one, mut other) = (place.connect()?, place.connect()?);
    one.push(20)?;
    let mut try_it = |when| {
        let taken = other.try_acquire()?;
        event("other", format_args!("{when}={taken}"));
        if taken { other.release() } else { Ok(()) }
    };
    let mut tried = Ok(());
    one.update(0, |item| {
        tried = try_it("update");
        item + 2
    })?;
    tried?;
    try_it("updated")?;
    one.acquire()?;
    // Others come and go meanwhile.
    for _ in 0..10 {
        let _passer = place.connect()?;
    }
    try_it("acquired")?;
    one.release()?;
    try_it("released")?;
    event("main", format_args!("list {:?}", one.list()?));
    Ok(())
}

/// One client waits for the lock that another holds, who goes on using the server.
pub fn wait(place: &Place<'_>) -> io::Result<()> {
    let mut holder = place.connect()?;
    holder.acquire()?;
    let came = Gate::new()?;
    let waiter = start(|| {
        let mut client = place.connect()?;
        came.open()?;
        client.acquire()?;
        event("waiter", format_args!("found {:?}", client.list()?));
        client.release()
    })?;
    came.pass()?;
    until_asleep(waiter.as_raw());
    holder.push(7)?;
    // Neither does who holds it hold up those who do not ask for the lock.
    let mut other = place.connect()?;
    other.set("pi", PI)?;
    event("other", format_args!("found {:?} {:?}", other.get("pi")?, other.list()?));
    holder.release()?;
    wait_for(waiter)
}

/// One client holds the lock for ever, another waits for it, and a third has nothing to ask. A
/// stranger has left in the midst of a question.
pub fn still(place: &Place<'_>) -> io::Result<()> {
    let mut holder = place.connect()?;
    holder.acquire()?;
    UnixStream::connect(place.path)?.write_all(b"\t\0\0")?;
    let _silent = place.connect()?;
    let came = Gate::new()?;
    let waiter = start(|| {
        let mut client = place.connect()?;
        came.open()?;
        client.acquire()
    })?;
    came.pass()?;
    // Nobody will be there to do it.
    fs::remove_file(place.path)?;
    wait_for(waiter)
}
