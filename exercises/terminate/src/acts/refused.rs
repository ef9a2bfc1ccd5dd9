//! A start that fails.

use std::io;
use std::mem::forget;
use std::thread;

use stage::{Gate, event};
use terminate::{Child, Kind};

use crate::{look, read_endlessly};

/// A start for which there is no process, and then one for which there is.
pub fn refused() -> io::Result<()> {
    let mut usual = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // The limit does not bind root, so root tries to become somebody else.
    const NOBODY: libc::uid_t = 65534;
    // SAFETY: system calls on plain numbers and on structs that live long enough.
    unsafe {
        if libc::getuid() == 0 {
            libc::setuid(NOBODY);
        }
        libc::getrlimit(libc::RLIMIT_NPROC, &mut usual);
        libc::setrlimit(libc::RLIMIT_NPROC, &libc::rlimit { rlim_cur: 0, ..usual });
    }
    let is_room = || thread::Builder::new().spawn(|| {}).map(thread::JoinHandle::join).is_ok();
    // Not every system lets itself be limited by everybody.
    if is_room() {
        return Ok(());
    }
    if let Ok(child) = Child::start(Kind::Ordinary, || ()) {
        event("main", "started a child, although no process could be forked");
        // Whatever its handle would signal is no child.
        forget(child);
    }
    // SAFETY: a system call on a struct that lives long enough.
    unsafe { libc::setrlimit(libc::RLIMIT_NPROC, &usual) };
    if !is_room() {
        return Ok(());
    }
    let ready = Gate::new()?;
    let mut child = Child::start(Kind::Ordinary, || read_endlessly(&ready))?;
    ready.pass()?;
    child.terminate()?;
    look("permitted", &mut child)
}
