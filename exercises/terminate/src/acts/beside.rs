//! A reader that is terminated while there are other children.

use std::io;
use std::process::exit;

use nix::unistd::Pid;
use stage::{Gate, event, until_asleep};
use terminate::{Child, Kind};

use super::child::until_ended;
use crate::{look, read_endlessly, terminated};

pub fn beside() -> io::Result<()> {
    let served = Gate::new()?;
    let server = Child::start(Kind::Daemon, || {
        served.pass().expect("the pipe is open");
        event("daemon", "served to its end");
    })?;
    let other = Child::start(Kind::Ordinary, || exit(77))?;
    until_ended(&other);
    terminated(false, read_endlessly)?;
    at_once()?;
    served.open()?;
    until_ended(&server);
    Ok(())
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
