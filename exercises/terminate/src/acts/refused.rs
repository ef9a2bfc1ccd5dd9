//! A start that fails.

use std::io;
use std::mem::forget;
use std::thread;

use stage::{Gate, event, with_limit};
use terminate::{Child, Kind};

use crate::{look, read_endlessly};

/// A start for which there is no process, and then one for which there is.
pub fn refused() -> io::Result<()> {
    // The limit does not bind root, so root tries to become somebody else.
    const NOBODY: libc::uid_t = 65534;
    // SAFETY: system calls on plain numbers.
    unsafe {
        if libc::getuid() == 0 {
            libc::setuid(NOBODY);
        }
    }
    let is_room = || thread::Builder::new().spawn(|| {}).map(thread::JoinHandle::join).is_ok();
    let refused = with_limit(libc::RLIMIT_NPROC, 0, || {
        // Not every system lets itself be limited by everybody.
        if is_room() {
            return false;
        }
        if let Ok(child) = Child::start(Kind::Ordinary, || ()) {
            event("main", "started a child, although no process could be forked");
            // Whatever its handle would signal is no child.
            forget(child);
        }
        true
    });
    if !refused || !is_room() {
        return Ok(());
    }
    let ready = Gate::new()?;
    let mut child = Child::start(Kind::Ordinary, || read_endlessly(&ready))?;
    ready.pass()?;
    child.terminate()?;
    look("permitted", &mut child)
}
