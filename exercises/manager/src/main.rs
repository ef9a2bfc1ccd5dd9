//! Clients in processes of their own change what one server keeps.
//!
//!     cargo run -p manager -- --name pi --value 3.1415926 --count 5
//!     cargo run -p manager -- --act many --clients 3 --rounds 20
//!
//! `--act` is `share` or `many`; each is a function below. The server is shut down at the end of
//! each. Other acts stand in `acts`, for the checks.

mod acts;

use std::io;
use std::path::Path;
use std::process::{exit, id};

use manager::{Client, Manager};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use stage::{Arguments, Meeting, event};

/// As many digits as one remembers.
#[expect(clippy::approx_constant, reason = "these very digits are to arrive")]
const PI: f64 = 3.1415926;

fn main() -> io::Result<()> {
    let known = ["act", "name", "value", "count", "clients", "rounds", "key", "wrong"];
    let arguments = Arguments::take(&known);
    let key = arguments.get("key", "open sesame".to_owned());
    let path = std::env::temp_dir().join(format!("manager-{}.socket", id()));
    // Bytes that are no text.
    let key = [key.as_bytes(), b"\xff"].concat();
    let act = arguments.get("act", "share".to_owned());
    if act == "strangers" {
        acts::limit_descriptors()?;
    }
    let manager = Manager::start(&path, &key)?;
    let place = Place { path: &path, key: &key };
    let number = |name, default| arguments.get::<usize>(name, default);
    match act.as_str() {
        "share" => {
            let (name, value) =
                (arguments.get("name", "pi".to_owned()), arguments.get("value", PI));
            share(&place, &name, value, number("count", 5))
        }
        "many" => many(&place, number("clients", 3), number("rounds", 20)),
        "kill" => return acts::killed(&place, manager),
        "end" => return acts::end(&place, manager),
        other => acts::play(other, &place, &arguments),
    }?;
    manager.shutdown()?;
    event("main", format_args!("socket={}", place.state()));
    Ok(())
}

/// Where the server is, and what it wants to hear.
struct Place<'a> {
    path: &'a Path,
    key: &'a [u8],
}

impl Place<'_> {
    fn connect(&self) -> io::Result<Client> {
        Client::connect(self.path, self.key)
    }

    /// Whether its file is there.
    fn state(&self) -> &'static str {
        if self.path.exists() { "there" } else { "gone" }
    }
}

/// One client fills the dict and the list, another squares the list.
fn share(place: &Place<'_>, name: &str, value: f64, count: usize) -> io::Result<()> {
    wait_for(start(|| {
        let mut client = place.connect()?;
        client.set(name, -value)?;
        client.set(name, value)?;
        (0..).take(count).try_for_each(|item| client.push(item))
    })?)?;
    wait_for(start(|| {
        let mut client = place.connect()?;
        let value = client.get(name)?;
        event("squarer", format_args!("found {value:?} {:?}", client.get("nothing")?));
        for (index, item) in client.list()?.into_iter().enumerate() {
            client.replace(index, item * item)?;
        }
        Ok(())
    })?)?;
    let mut client = place.connect()?;
    event("main", format_args!("dict {name}={:?}", client.get(name)?));
    event("main", format_args!("list {:?}", client.list()?));
    Ok(())
}

/// Clients update the same item, add items of their own, and set values of their own.
fn many(place: &Place<'_>, clients: usize, rounds: usize) -> io::Result<()> {
    let mut client = place.connect()?;
    client.push(0)?;
    // What it sees now will be different later.
    client.set("client 1", -1.0)?;
    client.get("client 1")?;
    client.list()?;
    let ready = Meeting::new(clients as u8)?;
    let others = (1..=clients).map(|number| {
        let ready = &ready;
        start(move || {
            let mut client = place.connect()?;
            ready.meet()?;
            for _ in 0..rounds {
                client.update(0, |item| item + 1)?;
            }
            client.push(number as i64)?;
            client.set(&format!("client {number}"), number as f64 / 2.0)
        })
    });
    for other in others.collect::<io::Result<Vec<_>>>()? {
        wait_for(other)?;
    }
    let mut list = client.list()?;
    list[1..].sort_unstable();
    event("main", format_args!("list {list:?}"));
    let values = (1..=clients).map(|number| client.get(&format!("client {number}")));
    event("main", format_args!("values {:?}", values.collect::<io::Result<Vec<_>>>()?));
    Ok(())
}

/// Forks a process that does `job` and ends.
fn start(job: impl FnOnce() -> io::Result<()>) -> io::Result<Pid> {
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => match job() {
            Ok(()) => exit(0),
            Err(error) => {
                eprintln!("{error}");
                exit(1)
            }
        },
        ForkResult::Parent { child } => Ok(child),
    }
}

fn wait_for(child: Pid) -> io::Result<()> {
    match waitpid(child, None)? {
        WaitStatus::Exited(_, 0) => Ok(()),
        how => Err(io::Error::other(format!("a client failed: {how:?}"))),
    }
}
