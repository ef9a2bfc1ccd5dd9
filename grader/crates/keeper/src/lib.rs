//! Runs one program in the jail, observed, on behalf of a process that asks.
//!
//! # Theory of operation
//!
//! Walls are put up between `fork` and `execve`, which only a process with a single
//! thread can do in peace; and whoever traces a program has to be its ancestor. So a
//! process that wants a program run, be it the grader or one of the course's own
//! tests, starts a *keeper*: the grader's own executable once more, with the hidden
//! first argument [`ARGUMENT`]. It is sent a job on its standard input, puts up the
//! walls, runs and observes the program, clears up what is left, and answers on its
//! standard output. Jobs never stand among the arguments, where others could read them.
//!
//! Should the keeper die, the kernel ends everything behind the walls.

mod artefact;
mod client;
mod job;
mod leftover;
mod scratch;
mod serve;
mod settle;

pub use client::{Keeper, KeeperError, Place, PlaceError, Variable};
pub use serve::{ARGUMENT, serve};
pub use settle::{NoTier, Settled, TierError, Weak, prove, settle};
