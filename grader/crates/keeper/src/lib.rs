//! Runs one program in the jail, observed, on behalf of a process that asks.
//!
//! # Theory of operation
//!
//! Walls are put up between `fork` and `execve`, which only a process with a single
//! thread can do in peace; and whoever traces a program has to be its ancestor. So a
//! process that wants programs run, be it the grader or one of the course's own tests,
//! asks a *keeper*: the grader's own executable once more, with the hidden first
//! argument [`ARGUMENT`]. A keeper stays for as long as anybody holds the other end of
//! its *door*, the socket that is its standard input. One for each slot is enough, since a
//! slot runs one program at a time; a test inherits the door of its slot.
//!
//! A job comes as one end of a connection, sent through the door. The keeper never
//! reads it: it forks, and its child reads the job, puts up the walls, runs and observes
//! the program, clears up what is left, answers, and ends. So every job begins with the
//! memory and the descriptors of a keeper that has done none, and jobs never stand
//! among arguments, where others could read them.
//!
//! Should the child die, the kernel ends everything behind the walls, the keeper ends
//! and reaps what fell to it, and the job is done again. Should those who asked die, the
//! keeper ends the child. Should the keeper die, the next job starts another.

mod artefact;
mod claim;
mod client;
mod job;
mod keep;
mod leftover;
mod place;
mod resident;
mod scratch;
mod serve;
mod settle;

pub use claim::ClaimError;
pub use client::{Keeper, KeeperError};
pub use place::{Place, PlaceError, Variable};
pub use serve::{ARGUMENT, serve_if_asked};
pub use settle::{NoTier, Settled, TierError, Weak, prove, settle};
