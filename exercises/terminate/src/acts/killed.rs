//! A parent that is killed, and its daemon, which is not.

use std::io::{self, PipeWriter, Read, Write};
use std::sync::atomic::{AtomicI32, Ordering};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, raise};
use nix::sys::wait::{Id, WaitPidFlag, wait, waitid};
use nix::unistd::Pid;
use stage::{Gate, event};
use terminate::{Child, Kind};

use super::calls::ASKED_FOR;
use crate::read_on;

/// When a parent is killed: at the fork of its daemon, when that asks for its parent, or, at the
/// latest, while it reads.
#[derive(PartialEq)]
pub enum Moment {
    Fork,
    Question,
    Later,
}

/// A parent is killed and its daemon is not; whoever holds the pipe's other end sees the daemon's
/// end.
pub fn killed(moment: Moment) -> io::Result<()> {
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
