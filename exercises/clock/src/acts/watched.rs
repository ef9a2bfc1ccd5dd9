//! A clock whose lines are read while it runs.

use std::io::{self, BufRead, BufReader};
use std::os::fd::{AsRawFd, RawFd};
use std::process::id;

use clock::{Clock, Process};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use stage::event;

use crate::only_the_parent;

/// Kills a clock when its first two lines can be read, long before its last tick.
pub fn until_two_lines(clock: Clock) -> io::Result<()> {
    let (reader, writer) = io::pipe()?;
    let parent = id();
    let own = stdout_goes_to(writer.as_raw_fd())?;
    let clock = clock.start()?;
    stdout_goes_to(own)?;
    only_the_parent(parent);
    drop(writer);
    let lines = BufReader::new(reader).lines().take(2).collect::<io::Result<Vec<_>>>()?;
    let pid = clock.pid();
    kill(Pid::from_raw(pid), Signal::SIGKILL)?;
    let start = format!("clock: pid={pid} ");
    let right = lines.len() == 2 && lines.iter().all(|line| line.starts_with(&start));
    event("main", format_args!("watched code={} right={right}", clock.join()?));
    Ok(())
}

/// From here on standard output goes to `descriptor`; where it went before.
fn stdout_goes_to(descriptor: RawFd) -> io::Result<RawFd> {
    // SAFETY: the calls take plain numbers.
    let before = unsafe { libc::fcntl(libc::STDOUT_FILENO, libc::F_DUPFD_CLOEXEC, 0) };
    // SAFETY: as above.
    match unsafe { libc::dup2(descriptor, libc::STDOUT_FILENO) } {
        0.. => Ok(before),
        _ => Err(io::Error::last_os_error()),
    }
}
