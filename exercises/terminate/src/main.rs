//! An endless reader that is told to end, and parents that end before their children would.
//!
//!     cargo run -p terminate -- --scene reader
//!     cargo run -p terminate -- --scene leave --kinds daemon,ordinary,daemon
//!
//! Scenes: `reader` terminates an endless reader, `slow` and `slower` one that has been stopped for
//! a while and takes its time to end, and does so with `--status` if that is not 0, `beside`
//! one beside another child that has ended, and then one that has not come to do anything, `over` a
//! child that has ended by itself, `seen` only looks at such a child, `known` looks and then
//! terminates and joins it, `joined` joins one of the first of the given kinds, which is stopped until
//! its parent sleeps, and then ends by itself with `--status` (below 0: by that signal), `refused`
//! starts one while the system permits no further process; `leave` drops the handles of children of
//! the given kinds (`slow` is a daemon that takes its time), `panic` does so by a panic, and in
//! `killed` a parent with a daemon and an ordinary child is killed, in `orphan` before the daemon has
//! done anything, in `asked` when the daemon asks for its parent; the daemon then falls to the driver,
//! not to process 1. Whoever waits for a child that takes its time, or for an ordinary one, gets other
//! signals meanwhile.

use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::mem::forget;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::process::{exit, id};
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{
    SaFlags, SigAction, SigHandler, SigSet, Signal, kill as signal, raise, sigaction,
};
use nix::sys::wait::{Id, WaitPidFlag, wait, waitid};
use nix::unistd::Pid;
use stage::{Arguments, Gate, event, refuse_processes, until_asleep};
use terminate::{Child, Kind};

/// Longer than whoever kills after a moment would wait.
const MOMENT: Duration = Duration::from_millis(400);

fn main() -> io::Result<()> {
    let arguments = Arguments::take(&["scene", "kinds", "status"]);
    let kinds = arguments.list("kinds", vec!["daemon".to_owned(), "ordinary".to_owned()]);
    let status = arguments.get("status", 0);
    MAIN.store(id(), Ordering::Relaxed);
    be_interrupted()?;
    match arguments.get("scene", "reader".to_owned()).as_str() {
        "reader" => terminated(false, read_endlessly)?,
        "slow" => terminated(true, |ready| end_slowly(ready, Duration::ZERO, status))?,
        "slower" => terminated(true, |ready| end_slowly(ready, MOMENT, status))?,
        "beside" => {
            let other = Child::start(Kind::Ordinary, || exit(77))?;
            let pid = Pid::from_raw(other.pid());
            // It has ended when this returns. Who watches his children may have reaped it by then.
            let _ = waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT);
            terminated(false, read_endlessly)?;
            at_once()?;
        }
        "over" => {
            let mut child = ended()?;
            child.terminate()?;
            look("after", &mut child)?;
        }
        "seen" => look("seen", &mut ended()?)?,
        "known" => {
            let mut child = ended()?;
            look("seen", &mut child)?;
            child.terminate()?;
            child.join()?;
            look("again", &mut child)?;
        }
        "joined" => joined(kind(&kinds[0]), status)?,
        "refused" => refused(),
        "leave" => leave(&kinds)?,
        "panic" => {
            let parent = || {
                let leaving = Gate::new().expect("there are pipes left");
                let _children = family(&kinds, &leaving).expect("the children can be started");
                leaving.open().expect("the pipe of the gate is open");
                // Unwinds as a panic does, without the message.
                resume_unwind(Box::new("told to panic"));
            };
            if catch_unwind(AssertUnwindSafe(parent)).is_err() {
                event("main", "caught");
            }
        }
        "killed" => killed(Moment::Later)?,
        "orphan" => killed(Moment::Fork)?,
        "asked" => killed(Moment::Question)?,
        other => eprintln!("there is no scene {other}"),
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
        let pid = stop(&child)?;
        look("stopped", &mut child)?;
        signal(pid, Signal::SIGCONT)?;
    }
    child.terminate()?;
    look("after", &mut child)?;
    child.terminate()?;
    child.join()?;
    look("again", &mut child)
}

/// Stops a child, and returns when it has been stopped.
fn stop(child: &Child) -> io::Result<Pid> {
    let pid = Pid::from_raw(child.pid());
    signal(pid, Signal::SIGSTOP)?;
    waitid(Id::Pid(pid), WaitPidFlag::WSTOPPED | WaitPidFlag::WNOWAIT)?;
    Ok(pid)
}

/// A child is terminated before it has come to do anything.
fn at_once() -> io::Result<()> {
    extern "C" fn in_the_child() {
        // By then the signal is on its way.
        until_asleep(Pid::parent().as_raw());
    }
    // SAFETY: the function that is registered lives as long as the program.
    unsafe { libc::pthread_atfork(None, None, Some(in_the_child)) };
    let ready = Gate::new()?;
    let mut child = Child::start(Kind::Ordinary, || read_endlessly(&ready))?;
    child.terminate()?;
    look("at-once", &mut child)
}

/// From now on a signal ends every call that it interrupts, and nothing else.
fn be_interrupted() -> io::Result<()> {
    extern "C" fn ignore(_: libc::c_int) {}
    // Without SA_RESTART: the kernel ends what it interrupts.
    let action = SigAction::new(SigHandler::Handler(ignore), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler does nothing.
    unsafe { sigaction(Signal::SIGUSR1, &action) }?;
    Ok(())
}

/// Returns when the parent of this process sleeps, though it has been woken before.
///
/// A parent that would rather terminate this child has done so before it falls asleep.
fn until_parent_waits() {
    let parent = Pid::from_raw(MAIN.load(Ordering::Relaxed).cast_signed());
    for _ in 0..3 {
        until_asleep(parent.as_raw());
        // An orphan's new parent is not to be woken.
        if Pid::parent() == parent {
            signal(parent, Signal::SIGUSR1).expect("the parent is there");
        }
    }
    until_asleep(parent.as_raw());
}

/// A child that has ended by itself, and that nobody has reaped.
fn ended() -> io::Result<Child> {
    let child = Child::start(Kind::Ordinary, || event("child", format_args!("pid={}", id())))?;
    waitid(Id::Pid(Pid::from_raw(child.pid())), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
    Ok(child)
}

/// A child is joined before it ends, while it is stopped, and goes on when its parent sleeps; then
/// it is joined once more and terminated, to no effect.
fn joined(kind: Kind, status: i32) -> io::Result<()> {
    let (parent, go) = (id().cast_signed(), Gate::new()?);
    let mut child = Child::start(kind, || {
        go.pass().expect("the pipe of the gate is open");
        until_parent_waits();
        if status < 0 {
            // SAFETY: a process may send itself any signal.
            unsafe { libc::kill(libc::getpid(), -status) };
        }
        exit(status)
    })?;
    let stopped = stop(&child)?;
    let _helper = Child::start(Kind::Ordinary, || {
        until_asleep(parent);
        signal(stopped, Signal::SIGCONT).expect("it has not ended");
    })?;
    go.open()?;
    child.join()?;
    look("joined", &mut child)?;
    child.join()?;
    child.terminate()?;
    look("again", &mut child)
}

/// A start for which there is no process.
fn refused() {
    if refuse_processes()
        && let Ok(child) = Child::start(Kind::Ordinary, || ())
    {
        event("main", "started a child, although no process could be forked");
        // Whatever its handle would signal is no child.
        forget(child);
    }
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

fn kind(name: &str) -> Kind {
    if name == "daemon" { Kind::Daemon } else { Kind::Ordinary }
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

/// When a parent is killed: at the fork of its daemon, when that asks for its parent, or, at the
/// latest, while it reads.
#[derive(PartialEq)]
enum Moment {
    Fork,
    Question,
    Later,
}

/// A parent is killed and its daemon is not; whoever holds the pipe's other end sees the daemon's
/// end.
fn killed(moment: Moment) -> io::Result<()> {
    if moment != Moment::Later {
        // Whose parent is gone falls to this process, where that is not refused.
        // SAFETY: a system call on plain numbers.
        unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1) };
    }
    // A daemon of this process itself, which ends by itself at last, whatever its handle does.
    let served = Gate::new()?;
    let own = Child::start(Kind::Daemon, || served.pass().expect("the pipe is open"))?;
    let (mut reader, writer) = io::pipe()?;
    let (mut writer, over) = (Some(writer), Gate::new()?);
    let parent = Child::start(Kind::Ordinary, || {
        if let Err(error) = be_killed(&moment, writer.take(), &over) {
            event("parent", error);
        }
    })?;
    drop(writer);
    waitid(Id::Pid(Pid::from_raw(parent.pid())), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT)?;
    event("main", "parent killed");
    // The end of the file: the last process that could write is gone.
    reader.read_to_end(&mut Vec::new())?;
    event("main", "daemon gone");
    over.open()?;
    served.open()?;
    drop((parent, own));
    while wait().is_ok() {}
    Ok(())
}

/// Starts a daemon that has `lifeline` open, and is killed at the moment.
fn be_killed(moment: &Moment, lifeline: Option<PipeWriter>, over: &Gate) -> io::Result<()> {
    match moment {
        Moment::Fork => die_at_the_fork(),
        Moment::Question => ASKED_FOR.store(Pid::this().as_raw(), Ordering::Relaxed),
        Moment::Later => {}
    }
    let (mut begun, begins) = io::pipe()?;
    let _daemon = Child::start(Kind::Daemon, || {
        (&begins).write_all(&[0]).expect("the pipe is open");
        read_on();
    })?;
    drop(begins);
    // The end of the file: nobody can say any more that it has begun.
    if begun.read(&mut [0])? == 0 {
        event("parent", "daemon never began");
        return Ok(());
    }
    event("parent", "has a daemon");
    // Only the daemon has it from here on.
    drop(lifeline);
    // Another child, which goes on, inherits whatever else this process has open.
    let _other = Child::start(Kind::Ordinary, || over.pass().expect("the pipe is open"))?;
    raise(Signal::SIGKILL)?;
    Ok(())
}

/// The process that is killed at its next fork; its child goes on when that has happened.
static DOOMED: AtomicI32 = AtomicI32::new(0);

fn die_at_the_fork() {
    extern "C" fn in_the_parent() {
        if Pid::this().as_raw() == DOOMED.load(Ordering::Relaxed) {
            let _ = raise(Signal::SIGKILL);
        }
    }
    extern "C" fn in_the_child() {
        while Pid::parent().as_raw() == DOOMED.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_millis(1));
        }
    }
    DOOMED.store(Pid::this().as_raw(), Ordering::Relaxed);
    // SAFETY: the functions that are registered live as long as the program.
    unsafe { libc::pthread_atfork(None, Some(in_the_parent), Some(in_the_child)) };
}

/// The process that is killed when a child has asked for its parent and does not know it yet.
static ASKED_FOR: AtomicI32 = AtomicI32::new(0);

/// Takes the place of the C library's, for all of this program: a parent may end between a
/// question for it and whatever the child does next.
// SAFETY: it does what a `getppid` does.
#[unsafe(no_mangle)]
extern "C" fn getppid() -> libc::pid_t {
    // SAFETY: the call cannot fail, and has no conditions.
    let ask = || unsafe { libc::syscall(libc::SYS_getppid) } as libc::pid_t;
    let parent = ask();
    if parent == ASKED_FOR.load(Ordering::Relaxed) {
        // SAFETY: a signal to the parent of this process, which is there until it gets it.
        unsafe { libc::syscall(libc::SYS_kill, parent, libc::SIGKILL) };
        while ask() == parent {
            thread::sleep(Duration::from_millis(1));
        }
    }
    parent
}

/// The process whose signals are looked at.
static MAIN: AtomicU32 = AtomicU32::new(0);

/// Takes the place of the C library's, for all of this program: a signal to somebody who is no
/// child of the caller's, as one that has been reaped, is told.
// SAFETY: it does what a `kill` does.
#[unsafe(no_mangle)]
extern "C" fn kill(pid: libc::pid_t, signal: libc::c_int) -> libc::c_int {
    if pid > 0 && signal != 0 && id() == MAIN.load(Ordering::Relaxed) {
        let look = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        if waitid(Id::Pid(Pid::from_raw(pid)), look).is_err() {
            event("main", format_args!("signals pid={pid}"));
        }
    }
    // SAFETY: a system call on plain numbers.
    unsafe { libc::syscall(libc::SYS_kill, pid, signal) as libc::c_int }
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
    until_parent_waits();
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
    until_parent_waits();
    event(format_args!("worker-{number}"), format_args!("done pid={}", id()));
}

fn look(when: &str, child: &mut Child) -> io::Result<()> {
    let alive = child.is_alive()?;
    let code = child.exit_code().map_or("none".to_owned(), |code| code.to_string());
    event("main", format_args!("{when} pid={} alive={alive} code={code}", child.pid()));
    Ok(())
}
