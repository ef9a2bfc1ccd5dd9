//! Tasks that begin while nobody reads a result.

use std::fs;
use std::io::{self, PipeReader, Read};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::Pid;
use pool::Handle;
use stage::until_asleep;

/// Submits more tasks until so many have begun, and stops at last, since there may not be too many
/// of them.
pub fn submit_until_begun(
    begun: &mut PipeReader,
    submitted: impl Iterator<Item = io::Result<(usize, Handle)>>,
) -> io::Result<Vec<(usize, Handle)>> {
    const MANY: usize = 270;
    let workers = children_of(Pid::this());
    let (mut handles, mut seen) = (Vec::new(), 0);
    for handle in submitted.take(900) {
        handles.push(handle?);
        // Whoever is done sleeps, and has said so.
        workers.iter().for_each(|worker| until_asleep(worker.as_raw()));
        let look = PollFd::new(begun.as_fd(), PollFlags::POLLIN);
        if poll(&mut [look], PollTimeout::from(1u8))? > 0 {
            seen += begun.read(&mut [0; MANY])?;
        }
        if seen >= MANY {
            return Ok(handles);
        }
    }
    begun.read_exact(&mut vec![0; MANY - seen])?;
    Ok(handles)
}

/// What a process has forked; nothing if the system does not tell.
pub fn children_of(process: Pid) -> Vec<Pid> {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children"));
    let children = children.unwrap_or_default();
    children.split(' ').filter_map(|pid| pid.parse().ok()).map(Pid::from_raw).collect()
}
