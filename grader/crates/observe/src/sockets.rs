//! Connected Unix sockets: who is at the other end, and for how long a task waits.

use std::os::fd::OwnedFd;

use rustix::net::sockopt::{Timeout, socket_acceptconn, socket_timeout};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, netlink, recv, send, socket};
use rustix::process::{Pid, PidfdFlags, PidfdGetfdFlags, pidfd_getfd, pidfd_open};

use crate::doubt::Doubtful;
use crate::family::TaskRef;
use crate::namespaces::{self, Kind};
use crate::waits::bounded;

/// The other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// The socket with this inode.
    Socket(u32),
    /// None yet: the listening side has not accepted the connection.
    Awaited,
}

/// The other end of the socket with `inode`, on which `task` waits without a bound in time.
pub(crate) fn peer(task: TaskRef, descriptor: u64, inode: &str) -> Result<Peer, Doubtful> {
    let inode = inode.parse().map_err(|_| "its socket has no number")?;
    let answer = namespaces::within(Kind::Network, task.pid, || ask_for_peer(inode));
    let answer = answer.ok_or("its sockets are in a network namespace that cannot be asked")?;
    let leads_outside = || Doubtful::outsider("it waits on a socket that leads outside");
    let peer = answer.ok_or_else(leads_outside)?;
    match is_bounded(task.pid, descriptor) {
        Some(false) => Ok(peer),
        Some(true) => Err(bounded()),
        None => Err(Doubtful::unseen("it cannot be seen whether its socket bounds the wait")),
    }
}

/// Whether the socket waits for connections, without a bound in time.
pub(crate) fn awaits_connections(task: TaskRef, descriptor: u64) -> bool {
    let listens =
        copy(task.pid, descriptor).is_some_and(|copy| socket_acceptconn(copy) == Ok(true));
    listens && is_bounded(task.pid, descriptor) == Some(false)
}

/// Whether a timeout is set on the socket; only a copy of the descriptor tells.
fn is_bounded(pid: i32, descriptor: u64) -> Option<bool> {
    let copy = copy(pid, descriptor)?;
    let receive = socket_timeout(&copy, Timeout::Recv).ok()?;
    let send = socket_timeout(&copy, Timeout::Send).ok()?;
    Some(receive.is_some() || send.is_some())
}

fn copy(pid: i32, descriptor: u64) -> Option<OwnedFd> {
    let process = pidfd_open(Pid::from_raw(pid)?, PidfdFlags::empty()).ok()?;
    let number = i32::try_from(descriptor).ok()?;
    pidfd_getfd(process, number, PidfdGetfdFlags::empty()).ok()
}

const SOCK_DIAG_BY_FAMILY: u16 = 20;
const REQUEST: u16 = 1;
const SHOW_PEER: u32 = 4;
const PEER: u16 = 2;
/// Lengths of the headers of netlink and of an answer about a Unix socket.
const HEADER: usize = 16;
const ANSWER: usize = 16;

fn ask_for_peer(inode: u32) -> Option<Peer> {
    let kernel = socket(AddressFamily::NETLINK, SocketType::RAW, Some(netlink::SOCK_DIAG)).ok()?;
    send(&kernel, &question(inode), SendFlags::empty()).ok()?;
    let mut answer = [0; 1024];
    let (_, length) = recv(&kernel, &mut answer[..], RecvFlags::empty()).ok()?;
    peer_in(answer.get(..length)?)
}

fn question(inode: u32) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(40);
    bytes.extend(40u32.to_ne_bytes());
    bytes.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    bytes.extend(REQUEST.to_ne_bytes());
    // Sequence and port, family and protocol with their padding.
    bytes.extend([0; 8]);
    bytes.extend([libc::AF_UNIX as u8, 0, 0, 0]);
    bytes.extend(u32::MAX.to_ne_bytes());
    bytes.extend(inode.to_ne_bytes());
    bytes.extend(SHOW_PEER.to_ne_bytes());
    // Any cookie.
    bytes.extend([0xff; 8]);
    bytes
}

fn peer_in(answer: &[u8]) -> Option<Peer> {
    let short = |at: usize| Some(u16::from_ne_bytes(answer.get(at..at + 2)?.try_into().ok()?));
    let long = |at: usize| Some(u32::from_ne_bytes(answer.get(at..at + 4)?.try_into().ok()?));
    if short(4)? != SOCK_DIAG_BY_FAMILY {
        return None;
    }
    let mut at = HEADER + ANSWER;
    while let (Some(length), Some(kind)) = (short(at), short(at + 2)) {
        if kind == PEER {
            // What waits to be accepted is no file yet, and has no inode.
            return long(at + 4)
                .map(|inode| if inode == 0 { Peer::Awaited } else { Peer::Socket(inode) });
        }
        at += usize::from(length.max(4)).next_multiple_of(4);
    }
    None
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd;
    use std::os::unix::net::{UnixListener, UnixStream};
    use std::time::Duration;

    use super::*;

    fn inode(stream: &UnixStream) -> u32 {
        let link = std::fs::read_link(format!("/proc/self/fd/{}", stream.as_raw_fd())).unwrap();
        let text = link.to_str().unwrap().trim_start_matches("socket:[").trim_end_matches(']');
        text.parse().unwrap()
    }

    #[test]
    fn the_two_ends_of_a_pair_know_each_other() {
        let (left, right) = UnixStream::pair().unwrap();
        assert_eq!(ask_for_peer(inode(&left)), Some(Peer::Socket(inode(&right))));
        assert_eq!(ask_for_peer(inode(&right)), Some(Peer::Socket(inode(&left))));
    }

    #[test]
    fn a_connection_has_no_other_end_before_it_is_accepted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let listener = UnixListener::bind(&path).unwrap();
        let client = UnixStream::connect(&path).unwrap();
        assert_eq!(ask_for_peer(inode(&client)), Some(Peer::Awaited));
        let (accepted, _) = listener.accept().unwrap();
        assert_eq!(ask_for_peer(inode(&client)), Some(Peer::Socket(inode(&accepted))));
    }

    #[test]
    fn a_socket_that_listens_is_told_from_one_that_is_connected() {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("socket")).unwrap();
        let (left, _right) = UnixStream::pair().unwrap();
        let us = std::process::id().cast_signed();
        let awaits = |descriptor: i32| {
            awaits_connections(
                TaskRef { pid: us, tid: us, exiting: false },
                u64::from(descriptor.cast_unsigned()),
            )
        };
        assert!(awaits(listener.as_raw_fd()));
        assert!(!awaits(left.as_raw_fd()));
    }

    #[test]
    fn a_timeout_is_seen_on_a_copy() {
        let (left, _right) = UnixStream::pair().unwrap();
        let us = std::process::id().cast_signed();
        let number = u64::from(left.as_raw_fd().cast_unsigned());
        assert_eq!(is_bounded(us, number), Some(false));
        left.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
        assert_eq!(is_bounded(us, number), Some(true));
    }
}
