//! A child that dies in the midst of a message.

use std::io;
use std::process::exit;
use std::thread;
use std::time::Duration;

use duplex::{Message, duplex};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::{ForkResult, Pid, fork};
use stage::{Gate, event, until_asleep};

use super::bytes::{something_came, waiting};

/// The child dies in the midst of a message that no buffer holds, and its parent receives. What
/// the parent has sent before is never read.
#[allow(clippy::drop_non_drop, reason = "what an end holds, and has to close, is not written yet")]
pub fn die_while_sending(size: usize) -> io::Result<()> {
    let (mut ours, mut theirs) = duplex()?;
    ours.send(&Message { name: "never read".to_owned(), fields: Vec::new() })?;
    let before: Vec<_> = (3..1024).map(waiting).collect();
    let gate = Gate::new()?;
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    let child = match unsafe { fork() }? {
        ForkResult::Child => {
            drop(ours);
            gate.open()?;
            let sent = theirs.send(&Message { name: "c".repeat(size), fields: Vec::new() });
            exit(i32::from(sent.is_err()))
        }
        ForkResult::Parent { child } => child,
    };
    drop(theirs);
    gate.pass()?;
    until_stuck(child, &before);
    kill(child, Signal::SIGKILL)?;
    waitpid(child, None)?;
    let nothing_came = !something_came(&before);
    let what = match ours.receive() {
        // It was too slow, or its messages take a way that cannot be seen from here.
        Ok(None) if nothing_came => "received the end, for nothing came",
        // Whoever needs nobody to receive has sent everything.
        Ok(Some(message)) if message.name.len() == size => "received all",
        Ok(Some(_)) => "received a part",
        Ok(None) => "received the end",
        Err(_) => "received an error",
    };
    event("main", what);
    Ok(())
}

/// Returns once `process` has sent something and sleeps, or has ended; soon in any case.
fn until_stuck(process: Pid, before: &[i32]) {
    for _ in 0..3_000 {
        if something_came(before) || has_ended(process) {
            return until_asleep(process.as_raw());
        }
        thread::sleep(Duration::from_millis(1));
    }
}

fn has_ended(process: Pid) -> bool {
    let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
    waitid(Id::Pid(process), flags) != Ok(WaitStatus::StillAlive)
}
