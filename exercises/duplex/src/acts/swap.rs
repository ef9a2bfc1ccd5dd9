//! Both sides exchange messages.

use std::fs;
use std::io;
use std::process::exit;
use std::thread;
use std::time::Duration;

use duplex::{Connection, Message};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork, getppid, gettid};
use stage::{event, until_asleep};

pub fn swap(who: &str, mut connection: Connection, size: usize, more: &[usize]) -> io::Result<()> {
    let many = who[..1].repeat(size);
    let mine = Message { name: many.clone(), fields: vec![(who.to_owned(), 1), (many, 2)] };
    let theirs = connection.exchange(&mine)?;
    let (texts, numbers): (Vec<_>, Vec<_>) = theirs.fields.into_iter().unzip();
    let texts: Vec<_> = [theirs.name].iter().chain(&texts).map(|text| in_short(text)).collect();
    event(who, format_args!("swapped {} {numbers:?}", texts.join(", ")));
    // The connection is as good as before: one side sends when the other already waits.
    let short = Message { name: "short".to_owned(), fields: Vec::new() };
    if who == "child" {
        until_asleep(getppid().as_raw());
        connection.send(&short)?;
    } else if connection.receive()? != Some(short.clone()) {
        event(who, "something else behind the exchange");
    }
    // And one side may be done, and send, when the other has yet to look.
    let behind = Message { name: "behind".to_owned(), fields: Vec::new() };
    let mut again = if who == "child" {
        let waker = stop_until_this_sleeps(getppid())?;
        let same = connection.exchange(&short)? == short;
        connection.send(&behind)?;
        waitpid(waker, None)?;
        same
    } else {
        let same = connection.exchange(&short)? == short;
        if connection.receive()? != Some(behind) {
            event(who, "something else behind the exchange");
        }
        same
    };
    for &size in more {
        let longer = Message { name: "l".repeat(size), fields: Vec::new() };
        again &= connection.exchange(&longer)? == longer;
    }
    event(who, format_args!("again={again} thread={}", a_thread_is_left()));
    Ok(())
}

/// Stops `other` once it sleeps. The process that this returns lets it go on when this one sleeps,
/// or has ended, and ends.
fn stop_until_this_sleeps(other: Pid) -> io::Result<Pid> {
    let this = Pid::this();
    (0..20).for_each(|_| until_asleep(other.as_raw()));
    kill(other, Signal::SIGSTOP)?;
    for _ in 0..2_000 {
        let stat = fs::read_to_string(format!("/proc/{other}/stat")).unwrap_or_default();
        // The state stands behind the name, which may hold anything.
        if stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with(['T', 't'])) {
            break;
        }
        thread::sleep(Duration::from_millis(1));
    }
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    match unsafe { fork() }? {
        ForkResult::Child => {
            (0..20).for_each(|_| until_asleep(this.as_raw()));
            let _ = kill(other, Signal::SIGCONT);
            exit(0)
        }
        ForkResult::Parent { child } => Ok(child),
    }
}

/// Whether a thread sleeps in this process beside this one; one that is about to end does not.
fn a_thread_is_left() -> bool {
    let this = gettid().as_raw();
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let mut others = tasks.filter_map(|task| task.file_name().to_str()?.parse().ok());
    others.any(|other: i32| {
        if other == this {
            return false;
        }
        until_asleep(other);
        let stat = fs::read_to_string(format!("/proc/self/task/{other}/stat")).unwrap_or_default();
        // The state stands behind the name, which may hold anything.
        stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('S'))
    })
}

/// How long a text is, and its letters in their order, each once.
fn in_short(text: &str) -> String {
    let mut letters = String::new();
    for letter in text.chars() {
        let at = letters.find(|known| known >= letter).unwrap_or(letters.len());
        if !letters[at..].starts_with(letter) {
            letters.insert(at, letter);
        }
    }
    format!("{} of {letters:?}", text.len())
}
