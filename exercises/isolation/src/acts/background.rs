//! A process that goes on when its task has ended.

use std::io::{self, PipeReader, PipeWriter, Read, Write};

use nix::unistd::{ForkResult, fork};
use stage::{Gate, event};

/// Starts a process that is at work until it is `over`, and says so then; does not wait for it.
pub fn starts_another(over: &Gate, mut tell: &PipeWriter) {
    // SAFETY: this process has one thread, so the child may do whatever the parent may.
    if let ForkResult::Child = unsafe { fork() }.expect("there may be another process") {
        over.pass().expect("the pipe of the gate is open");
        tell.write_all(&[1]).expect("the caller reads");
        // SAFETY: ends the process at once and touches nothing.
        unsafe { libc::_exit(0) };
    }
}

/// Lets it end, if the task has started one; says so if it was ended before.
pub fn let_end(task: &str, over: &Gate, mut hear: &PipeReader, tell: PipeWriter) -> io::Result<()> {
    over.open()?;
    drop(tell);
    if task.starts_with("background") && hear.read_exact(&mut [0]).is_err() {
        event("left", "was ended");
    }
    Ok(())
}
