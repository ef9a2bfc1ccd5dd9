//! A child that is joined before it ends.

use std::io;
use std::process::{exit, id};
use std::sync::atomic::Ordering;

use nix::sys::signal::{Signal, kill as signal};
use stage::{Gate, until_asleep};
use terminate::{Child, Kind};

use super::child::stop;
use super::interrupted::until_parent_waits;
use super::waits;
use crate::look;

/// A child is joined before it ends, while it is stopped, and goes on when its parent sleeps; then
/// it is joined once more and terminated, to no effect.
pub fn joined(kind: Kind, status: i32) -> io::Result<()> {
    let (parent, go) = (id().cast_signed(), Gate::new()?);
    waits::CORE.store(true, Ordering::Relaxed);
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

pub fn kind(name: &str) -> Kind {
    if name == "daemon" { Kind::Daemon } else { Kind::Ordinary }
}
