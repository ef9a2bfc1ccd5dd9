//! The asking side of a resident keeper.

use std::io::{self, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
    sendmsg, socketpair,
};

use jail::Slot;

use crate::claim::Claim;
use crate::serve::ARGUMENT;

/// Where jobs are handed in: each by a connection of its own, which takes the job and
/// gives the answer, so that no one can ever get the answer to another's.
#[derive(Clone, Debug)]
pub(crate) struct Door(Arc<OwnedFd>);

/// A keeper's process; told to end when dropped, by its door being closed.
#[derive(Debug)]
pub(crate) struct Resident {
    door: Door,
    slot: Slot,
    /// None if somebody else started it.
    process: Option<Child>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum AskError {
    /// There is nobody behind the door any more.
    Gone(io::Error),
    /// Whoever had the job in hand is gone.
    Lost(io::Error),
    /// This process has no descriptors to give.
    Host(io::Error),
}

impl Resident {
    /// Starts the keeper that is the last word of `command`, for the slot of `claim`.
    pub(crate) fn start(mut command: Command, claim: &Claim) -> io::Result<Self> {
        let (ours, theirs) =
            socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        // A keeper prints nothing; it has to hold the lock for as long as it lives.
        let lock = claim.share()?.map_or_else(Stdio::null, Stdio::from);
        command.arg(ARGUMENT).env_clear().stdin(theirs).stdout(lock);
        let (door, process) = (Door(Arc::new(ours)), Some(command.spawn()?));
        Ok(Self { door, slot: claim.slot, process })
    }

    pub(crate) fn behind(door: Door, slot: Slot) -> Self {
        Self { door, slot, process: None }
    }

    /// The slot that it has to itself.
    pub(crate) fn slot(&self) -> Slot {
        self.slot
    }

    pub(crate) fn door(&self) -> Door {
        self.door.clone()
    }

    pub(crate) fn id(&self) -> Option<u32> {
        self.process.as_ref().map(Child::id)
    }

    /// Whether it is there, as far as can be told from outside.
    pub(crate) fn lives(&mut self) -> bool {
        self.process.as_mut().is_none_or(|process| matches!(process.try_wait(), Ok(None)))
    }
}

impl Drop for Resident {
    fn drop(&mut self) {
        let Some(process) = &mut self.process else { return };
        // Others may still hold the door, but not open.
        let _ = rustix::net::shutdown(&*self.door.0, rustix::net::Shutdown::Both);
        let _ = process.wait();
    }
}

impl Door {
    pub(crate) fn new(end: OwnedFd) -> Self {
        Self(Arc::new(end))
    }

    /// One more descriptor of it, for another process.
    pub(crate) fn share(&self) -> io::Result<OwnedFd> {
        self.0.try_clone()
    }

    /// Hands in a job, which is given up after `bound`, and waits for what comes back; that
    /// it is an answer is not sure.
    pub(crate) fn ask(&self, job: &[u8], bound: Duration) -> Result<Vec<u8>, AskError> {
        let (mut ours, theirs) = UnixStream::pair().map_err(AskError::Host)?;
        hand_over(&self.0, theirs.as_fd(), bound).map_err(AskError::Gone)?;
        drop(theirs);
        let mut answer = Vec::new();
        let asked = ours
            .write_all(job)
            .and_then(|()| ours.shutdown(Shutdown::Write))
            .and_then(|()| ours.read_to_end(&mut answer));
        asked.map_err(AskError::Lost)?;
        Ok(answer)
    }
}

/// Hands a job's connection over at `desk`, and how long the job may take.
pub(crate) fn hand_over(
    desk: &OwnedFd,
    connection: BorrowedFd<'_>,
    bound: Duration,
) -> io::Result<()> {
    let milliseconds = u64::try_from(bound.as_millis()).unwrap_or(u64::MAX).to_ne_bytes();
    let connections = [connection];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut rights = SendAncillaryBuffer::new(&mut space);
    rights.push(SendAncillaryMessage::ScmRights(&connections));
    sendmsg(desk, &[IoSlice::new(&milliseconds)], &mut rights, SendFlags::NOSIGNAL)?;
    Ok(())
}
