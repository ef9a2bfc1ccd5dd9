//! An endless reader that is told to end, and parents that end before their children would.
//!
//!     cargo run -p terminate -- --scene reader
//!     cargo run -p terminate -- --scene leave --kinds daemon,ordinary,daemon
//!
//! Scenes: `reader` terminates an endless reader, `slow` and `slower` one that has been stopped for
//! a while and takes its time to end, and does so with `--status` if that is not 0, `over` a
//! child that has ended by itself; `leave` drops the handles of children of the given kinds (`slow`
//! is a daemon that takes its time), `panic` does so by a panic. `killed`, where a parent with a
//! daemon and an ordinary child is killed, stands in `acts`, as do the scenes for the checks.

mod acts;

use std::io::{self, PipeReader, Read};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::{exit, id};
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal, kill as signal, raise};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use stage::{Arguments, Gate, event};
use terminate::{Child, Kind};

/// Longer than whoever kills after a moment would wait.
const MOMENT: Duration = Duration::from_millis(400);

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&["scene", "kinds", "status"]);
    let kinds = arguments.list("kinds", vec!["daemon".to_owned(), "ordinary".to_owned()]);
    let status = arguments.get("status", 0);
    acts::MAIN.store(id(), Ordering::Relaxed);
    acts::be_interrupted()?;
    match arguments.get("scene", "reader".to_owned()).as_str() {
        "reader" => terminated(false, read_endlessly)?,
        "slow" => terminated(true, |ready| end_slowly(ready, Duration::ZERO, status))?,
        "slower" => terminated(true, |ready| end_slowly(ready, MOMENT, status))?,
        "over" => {
            let mut child = ended()?;
            child.terminate()?;
            look("after", &mut child)?;
        }
        "leave" => leave(&kinds)?,
        "panic" => panics(&kinds),
        other => acts::play(other, &kinds, status)?,
    }
    event("main", "end");
    Ok(())
}

/// A child is looked at, also while it is stopped, terminated, looked at, terminated and joined once
/// more, looked at.
fn terminated(stopped: bool, target: impl FnOnce(&Gate)) -> io::Result<()> {
    let ready = Gate::new()?;
    let mut child = Child::start(Kind::Ordinary, || target(&ready))?;
    ready.pass()?;
    look("before", &mut child)?;
    if stopped {
        let pid = acts::stop(&child)?;
        look("stopped", &mut child)?;
        signal(pid, Signal::SIGCONT)?;
    }
    child.terminate()?;
    look("after", &mut child)?;
    child.terminate()?;
    child.join()?;
    look("again", &mut child)
}

/// A child that has ended by itself, and that nobody has reaped.
fn ended() -> io::Result<Child> {
    let child = Child::start(Kind::Ordinary, || event("child", format_args!("pid={}", id())))?;
    waitid(Id::Pid(Pid::from_raw(child.pid())), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
    Ok(child)
}

/// The parent goes away as soon as every child is at work.
fn leave(kinds: &[String]) -> io::Result<()> {
    let leaving = Gate::new()?;
    let children = family(kinds, &leaving)?;
    event("main", "leaves");
    leaving.open()?;
    drop(children);
    Ok(())
}

fn panics(kinds: &[String]) {
    let parent = || {
        let leaving = Gate::new().expect("there are pipes left");
        let _children = family(kinds, &leaving).expect("the children can be started");
        leaving.open().expect("the pipe of the gate is open");
        // Unwinds as a panic does, without the message.
        resume_unwind(Box::new("told to panic"));
    };
    if catch_unwind(AssertUnwindSafe(parent)).is_err() {
        event("main", "caught");
    }
}

/// A child of each kind: daemons read endlessly, ordinary ones still have something to do.
fn family(kinds: &[String], leaving: &Gate) -> io::Result<Vec<Child>> {
    let mut children = Vec::new();
    for (number, kind) in (1..).zip(kinds) {
        let ready = Gate::new()?;
        let child = match kind.as_str() {
            "daemon" => Child::start(Kind::Daemon, || read_endlessly(&ready))?,
            "slow" => Child::start(Kind::Daemon, || end_slowly(&ready, MOMENT, 0))?,
            _ => Child::start(Kind::Ordinary, || finish_work(number, &ready, leaving))?,
        };
        ready.pass()?;
        event("main", format_args!("started pid={} kind={kind}", child.pid()));
        children.push(child);
    }
    Ok(children)
}

/// Reads from a pipe into which nobody writes and which nobody closes.
fn read_endlessly(ready: &Gate) {
    ready.open().expect("the pipe of the gate is open");
    read_on();
}

fn read_on() {
    let (reader, _writer) = io::pipe().expect("there are pipes left");
    let read = |mut from: &PipeReader| from.read(&mut [0; 64]);
    while read(&reader).is_ok() {}
}

/// Puts SIGTERM off until it has tidied up, and `time` longer; ends by it, or with `status`.
fn end_slowly(ready: &Gate, time: Duration, status: i32) {
    let mut terminate = SigSet::empty();
    terminate.add(Signal::SIGTERM);
    terminate.thread_block().expect("any signal can be blocked");
    ready.open().expect("the pipe of the gate is open");
    terminate.wait().expect("the set is not empty");
    // The signal is here. Whoever waits for the end is asleep by now, or soon.
    acts::until_parent_waits();
    thread::sleep(time);
    if status != 0 {
        exit(status);
    }
    terminate.thread_unblock().expect("any signal can be unblocked");
    raise(Signal::SIGTERM).expect("a process may send itself any signal");
}

/// Has work to do until its parent, which is about to leave, waits for it.
fn finish_work(number: usize, ready: &Gate, leaving: &Gate) {
    ready.open().expect("the pipe of the gate is open");
    leaving.pass().expect("the pipe of the gate is open");
    acts::until_parent_waits();
    event(format_args!("worker-{number}"), format_args!("done pid={}", id()));
}

fn look(when: &str, child: &mut Child) -> io::Result<()> {
    let alive = child.is_alive()?;
    let code = child.exit_code().map_or("none".to_owned(), |code| code.to_string());
    event("main", format_args!("{when} pid={} alive={alive} code={code}", child.pid()));
    Ok(())
}
