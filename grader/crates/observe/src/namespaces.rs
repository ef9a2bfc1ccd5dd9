//! Questions that the kernel answers for the namespace of whoever asks.

use std::fs::{File, read_link};
use std::os::fd::AsFd;
use std::thread;

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// What a namespace holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Sockets.
    Network,
    /// System V objects.
    Ipc,
}

/// Asks within the namespace of a process. None if we are not let in.
pub(crate) fn within<T: Send>(kind: Kind, pid: i32, ask: impl FnOnce() -> T + Send) -> Option<T> {
    let (file, kind) = match kind {
        Kind::Network => ("net", LinkNameSpaceType::Network),
        Kind::Ipc => ("ipc", LinkNameSpaceType::InterProcessCommunication),
    };
    let of = |who: &str| format!("/proc/{who}/ns/{file}");
    let theirs = of(&pid.to_string());
    if read_link(of("self")).ok()? == read_link(&theirs).ok()? {
        return Some(ask());
    }
    let namespace = File::open(theirs).ok()?;
    let moved = || {
        move_into_link_name_space(namespace.as_fd(), Some(kind)).ok()?;
        Some(ask())
    };
    // A thread of its own, for there would be no way back.
    thread::scope(|scope| scope.spawn(moved).join().ok()?)
}
