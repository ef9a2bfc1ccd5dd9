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
//! Whatever happens, no process of the run is alive when [`observe`] returns.

mod bare;
mod descriptors;
mod exam;
mod family;
mod locks;
mod mappings;
mod memory;
mod pace;
mod proc;
mod proof;
mod shared;
mod sockets;
mod streams;
mod sysv;
mod tracer;
mod verdict;
mod waits;
mod watch;

use std::io;

use jail::LaunchError;
use nix::errno::Errno;
use observation::{Observation, Request};
use thiserror::Error;

pub use streams::{Streams, streams};
pub use watch::watch;

/// Why nothing could be observed. Whatever the program itself does is never an error.
#[derive(Debug, Error)]
pub enum ObserveError {
    /// The program could not be started.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// The host has no pipe or thread to give.
    #[error("cannot make the pipes of the program: {0}; is the host short of descriptors?")]
    Pipes(#[from] io::Error),
    /// The host refuses ptrace.
    #[error("the host does not permit to trace the program: {0}")]
    Refused(Errno),
}

/// Runs a program as the calling user, without confinement beyond its bounds.
pub fn observe(request: &Request) -> Result<Observation, ObserveError> {
    let (stdio, streams) = streams(request.stdin.clone())?;
    let suspended = jail::suspend(bare::command(request)?, &stdio, bare::steps(request)?)?;
    drop(stdio);
    watch(suspended, streams, &request.limits)
}
