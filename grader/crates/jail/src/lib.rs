//! Starts a program under confinement.
//!
//! The only home of `unsafe`. A program is started in two steps, so that an
//! observer can attach to it before its first instruction: [`suspend`] forks and
//! prepares a child that waits just before `execve`, [`Suspended::resume`] lets it go.

mod launch;
mod step;
pub mod trace;

pub use launch::{Command, LaunchError, Pid, Stdio, Suspended, suspend};
pub use step::{Resource, Step};
