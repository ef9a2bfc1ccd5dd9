//! Few descriptors.

use std::io;
use std::os::fd::{AsFd, AsRawFd};

/// Permits this process that many descriptors more, and then no other.
pub fn permit_descriptors(more: u64) -> io::Result<()> {
    let next = io::stdin().as_fd().try_clone_to_owned()?.as_raw_fd();
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the limit lives long enough.
    let done = unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        limit.rlim_cur = next as u64 + more;
        libc::setrlimit(libc::RLIMIT_NOFILE, &limit)
    };
    if done == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
