//! Runs a program within bounds and reports what the operating system saw of it.
//!
//! # Theory of operation
//!
//! A run has two threads. The *tracing* thread attaches to the program before its
//! first instruction and hears, by ptrace events, of every birth, executed program
//! and exit in the tree of processes below it; ordinary system calls run at full
//! speed. The *watching* thread, the caller's own, drains the output, keeps the
//! bounds, and from time to time looks at `/proc` to see whether the run can still
//! go on. The two share the [family](family) of tasks and nothing else.
//!
//! A run that cannot go on is proved to be deadlocked: every task sleeps in an
//! untimed wait that only other tasks of the run could end. What cannot be proved
//! is not claimed: the run then goes on to its bound.
//!
//! Where ptrace is refused, the run is watched from `/proc` alone and the
//! observation says what it is therefore unsure of.
//!
//! Whatever happens, no process of the run is alive when [`observe`] returns.

mod arch;
mod bare;
mod channels;
mod debug_info;
mod descriptors;
mod doubt;
mod exam;
mod family;
mod farewell;
mod fifo;
mod graph;
mod hold;
mod holders;
mod influences;
mod leftovers;
mod locks;
mod mappings;
mod memory;
mod namespaces;
mod owners;
mod pace;
mod phrases;
mod polling;
mod portable;
mod primitive;
mod proc;
mod proof;
mod shared;
mod sockets;
mod spin;
mod stacks;
mod streams;
mod symbols;
mod sysv;
mod tracer;
mod variables;
mod verdict;
mod waits;
mod watch;

use std::io;
use std::os::fd::OwnedFd;

use jail::{LaunchError, Stdio};
use observation::{Observation, Request};
use thiserror::Error;

use crate::bare::Circumstances;

pub use streams::{Streams, streams};
pub use watch::watch;

/// Who could touch what a run uses, besides the run itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surroundings {
    /// Anyone on the host: what has a name could be opened, signals could be sent.
    Shared,
    /// Nobody: the run has namespaces of its own for processes, for IPC and for files, and
    /// nothing open but what the calling process gave it. What it leaves in there is for the
    /// caller to list: the observer is outside.
    Private,
}

/// Why nothing could be observed. Whatever the program itself does is never an error.
#[derive(Debug, Error)]
pub enum ObserveError {
    /// The program could not be started.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// The host has no pipe or thread to give.
    #[error("cannot make the pipes of the program: {0}; is the host short of descriptors?")]
    Pipes(#[from] io::Error),
    /// The program was taken from us.
    #[error("cannot wait for the program: {0}; does something else in this process reap it?")]
    Wait(#[from] nix::errno::Errno),
}

/// Runs a program as the calling user, without confinement beyond its bounds and, where the
/// kernel takes it, the filter of system calls that every tier of the jail has.
pub fn observe(request: &Request) -> Result<Observation, ObserveError> {
    let (stdio, streams) = streams(request.stdin.clone())?;
    start(request, stdio, streams, Circumstances::Usual)
}

/// The same, with `input` in place of the input of the request, and as much as the calling process has of
/// all that the request does not bound.
///
/// Whoever holds its other end is outside the run, so to wait for it is never a deadlock.
pub fn observe_reading(request: &Request, input: OwnedFd) -> Result<Observation, ObserveError> {
    let (stdio, streams) = streams(Vec::new())?;
    start(request, Stdio { input, ..stdio }, streams, Circumstances::OfCaller)
}

/// Runs a program as [`observe`] does, but attempts to prove a deadlock without pause.
///
/// For measuring how often correct programs are convicted; never is right. Returns the
/// number of attempts as well.
pub fn observe_relentlessly(request: &Request) -> Result<(Observation, u64), ObserveError> {
    let (stdio, streams) = streams(request.stdin.clone())?;
    let suspended = jail::suspend(
        bare::command(request)?,
        &stdio,
        bare::steps(request, Circumstances::Usual)?,
    )?;
    drop(stdio);
    let pace = pace::Pace::relentless();
    watch::watch_at(suspended, streams, request, Surroundings::Shared, pace)
}

fn start(
    request: &Request,
    stdio: Stdio,
    streams: Streams,
    circumstances: Circumstances,
) -> Result<Observation, ObserveError> {
    let steps = bare::steps(request, circumstances)?;
    let suspended = jail::suspend(bare::command(request)?, &stdio, steps)?;
    drop(stdio);
    watch(suspended, streams, request, Surroundings::Shared)
}
