//! Lets the system refuse further processes.
#![expect(unsafe_code, reason = "limits and users are set by system calls")]

use std::thread;

/// From here on a fork fails with `EAGAIN`, and so does a new thread: this user may have no further
/// process or thread.
///
/// Whether that is so, for not every system lets itself be limited by everybody.
pub fn refuse_processes() -> bool {
    // The limit does not bind root, so root tries to become somebody else.
    const NOBODY: libc::uid_t = 65534;
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: system calls on plain numbers and on a struct that lives long enough.
    unsafe {
        if libc::getuid() == 0 {
            libc::setuid(NOBODY);
        }
        libc::setrlimit(libc::RLIMIT_NPROC, &raw const none);
    }
    thread::Builder::new().spawn(|| {}).is_err()
}
