//! Clients in processes of their own change what one server keeps.
//!
//!     cargo run -p manager -- --name pi --value 3.1415926 --count 5
//!     cargo run -p manager -- --act many --clients 3 --rounds 20
//!
//! `--act` is one of `share`, `odd`, `many`, `inside`, `wait`, `still`, `die`, `keys`, `strangers`,
//! `end`, `kill`; each is a function below. The server is shut down at the end of each, and `still` has
//! no end. With `strangers` there are few descriptors.

use std::fs;
use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{exit, id};

use manager::{Client, Manager};
use nix::sys::signal::{Signal, kill, raise};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use stage::{Arguments, Gate, Meeting, event, until_asleep};

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
        limit_descriptors()?;
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
        "odd" => odd(&place, number("count", 100)),
        "many" => many(&place, number("clients", 3), number("rounds", 20)),
        "inside" => inside(&place),
        "wait" => wait(&place),
        "still" => still(&place),
        "die" => die(&place),
        "keys" => keys(&place, &arguments.get("wrong", "open sesam".to_owned())),
        "strangers" => strangers(&place),
        "kill" => return killed(&place, manager),
        "end" => return end(&place, manager),
        other => Err(io::Error::other(format!("there is no act `{other}`"))),
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

/// Many clients are there at once, and silent strangers; one sets and pushes what is easily
/// mistaken, another looks for it.
fn odd(place: &Place<'_>, count: usize) -> io::Result<()> {
    let _strangers =
        (0..30).map(|_| UnixStream::connect(place.path)).collect::<io::Result<Vec<_>>>()?;
    let mut crowd = (1..100).map(|_| place.connect()).collect::<io::Result<Vec<_>>>()?;
    let hundred = "x".repeat(100);
    let names = [
        "",
        " ",
        "pi",
        " pi",
        "pi ",
        "Pi",
        "pi\n",
        "\npi",
        "pi\0",
        "pi\0x",
        "pi 3\nset pi 4",
        "圆周率",
        &hundred[1..],
        &hundred,
    ];
    let values = [f64::MIN_POSITIVE, f64::MAX, f64::INFINITY, f64::NAN, -0.0, 0.1, -1e-7];
    let value = |place: usize| values[place % values.len()] / (place + 1) as f64;
    let extremes = [i64::MIN, -1, i64::MAX, 0, 1 << 53, (1 << 53) + 1];
    let items: Vec<_> = extremes.into_iter().chain((0..).take(count)).collect();
    for (client, item) in (0..crowd.len()).cycle().zip(&items) {
        crowd[client].push(*item)?;
    }
    for (index, name) in names.into_iter().enumerate() {
        crowd[0].set(name, value(index))?;
    }
    let mut other = place.connect()?;
    for (index, name) in names.into_iter().enumerate() {
        let (wanted, found) = (value(index), other.get(name)?);
        let same =
            |found: f64| found.to_bits() == wanted.to_bits() || found.is_nan() && wanted.is_nan();
        let right = found.is_some_and(same);
        event(
            "other",
            format_args!("name {name:?}={wanted:?} {}", if right { "right" } else { "wrong" }),
        );
    }
    let refused = other.replace(items.len(), 1).is_err();
    event("other", format_args!("behind the last refused={refused}"));
    event("other", format_args!("list right={}", other.list()? == items));
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

/// While one client updates, another tries to get the lock; and the same with the lock alone.
fn inside(place: &Place<'_>) -> io::Result<()> {
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
fn wait(place: &Place<'_>) -> io::Result<()> {
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
fn still(place: &Place<'_>) -> io::Result<()> {
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

/// A client is killed while it holds the lock. Of three who wait for it two are killed before, and
/// the last gets it, though others have come meanwhile; one more asks later.
fn die(place: &Place<'_>) -> io::Result<()> {
    let (holds, go) = (Gate::new()?, Gate::new()?);
    let victim = start(|| {
        let mut client = place.connect()?;
        client.acquire()?;
        holds.open()?;
        go.pass()?;
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
    // They may get the descriptors of those two, and ask for nothing.
    let _newcomers = [place.connect()?, place.connect()?, place.connect()?];
    go.open()?;
    waitpid(victim, None)?;
    wait_for(waiter)?;
    place.connect()?.acquire()?;
    event("main", "acquired");
    Ok(())
}

/// Tries keys that are not the key, then the key.
fn keys(place: &Place<'_>, wrong: &str) -> io::Result<()> {
    let longer = [place.key, b"!"].concat();
    let blank = [place.key, b" "].concat();
    let line = [place.key, b"\n"].concat();
    let zero = [place.key, b"\0"].concat();
    let capital = place.key.to_ascii_uppercase();
    let wrong = [wrong.as_bytes(), b"\xff"].concat();
    let other = [&place.key[..place.key.len() - 1], b"\xfe"].concat();
    let tries: [&[u8]; 10] =
        [&wrong, b"", &longer, &blank, &line, &zero, &capital, &other, &place.key[1..], place.key];
    for key in tries {
        let how = match Client::connect(place.path, key).map(|mut client| client.set("key", 1.0)) {
            Ok(Ok(())) => "accepted",
            Ok(Err(_)) => "connected",
            Err(_) => "refused",
        };
        event("main", format_args!("{how} {:?}", String::from_utf8_lossy(key)));
    }
    Ok(())
}

/// Strangers talk nonsense, leave at once, or say nothing and stay, even beyond the end of the
/// server; a client asks for what there is not. All the while another client is served.
fn strangers(place: &Place<'_>) -> io::Result<()> {
    let mut client = place.connect()?;
    // Connected until the server is to end.
    let mut staying = vec![UnixStream::connect(place.path)?];
    drop(UnixStream::connect(place.path)?);
    for nonsense in [&[0xff; 64][..], b"GET / HTTP/1.1\r\n\r\n", &[0; 3]] {
        for stays in [false, true] {
            let mut stranger = UnixStream::connect(place.path)?;
            // The server may have hung up by now.
            let _ = stranger.write_all(nonsense);
            if stays {
                staying.push(stranger);
            }
        }
    }
    // More clients come and go than there may be descriptors.
    let server = first_child().ok_or(io::ErrorKind::NotFound)?;
    for _ in 0..12 {
        let before = descriptors_of(server);
        drop((0..10).map(|_| place.connect()).collect::<io::Result<Vec<_>>>()?);
        // It may take its time to notice. Nothing depends on this: there are more descriptors.
        (0..1000).find(|_| descriptors_of(server) <= before);
    }
    let refused = client.replace(99, 1).is_err() && client.update(99, |item| item).is_err();
    event("main", if refused { "no such item" } else { "item 99 replaced" });
    let free = place.connect()?.try_acquire()?;
    client.push(1)?;
    event("main", format_args!("free={free}"));
    event("main", format_args!("list {:?}", client.list()?));
    std::mem::forget(staying);
    Ok(())
}

/// So many descriptors has each process when strangers come.
const DESCRIPTORS: u64 = 100;

fn limit_descriptors() -> io::Result<()> {
    let few = libc::rlimit { rlim_cur: DESCRIPTORS, rlim_max: DESCRIPTORS };
    // SAFETY: the limits are there to be read.
    match unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &few) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// How many descriptors a process has open; none if it cannot be looked at.
fn descriptors_of(process: Pid) -> usize {
    fs::read_dir(format!("/proc/{process}/fd")).map_or(0, Iterator::count)
}

/// One client waits for the lock that another holds. Both stay until the server has ended, and ask
/// again when there is another at the same place. Where there can be no socket there is no server.
fn end(place: &Place<'_>, manager: Manager) -> io::Result<()> {
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
fn killed(place: &Place<'_>, manager: Manager) -> io::Result<()> {
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

/// The one child that this process has.
fn first_child() -> Option<Pid> {
    let parent = id().to_string();
    let processes = fs::read_dir("/proc").ok()?;
    let numbers = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let mut children = numbers.filter(|pid: &i32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // Behind the name, which may hold anything: the state, and the parent.
        let behind = stat.rsplit_once(") ").map(|(_, behind)| behind);
        behind.and_then(|behind| behind.split(' ').nth(1)) == Some(parent.as_str())
    });
    children.next().map(Pid::from_raw)
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
