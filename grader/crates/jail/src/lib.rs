//! Starts a program under confinement.
//!
//! The only home of `unsafe`.
//!
//! # Theory of operation
//!
//! A program is started in two steps, so that an observer can attach to it before its
//! first instruction: [`suspend`] or [`enclose`] forks and prepares a child that waits
//! just before `execve`, [`Suspended::resume`] lets it go. What the child does to
//! itself in between is a list of [`Step`]s, all of them prepared before the fork: the
//! child makes system calls and nothing else.
//!
//! What a program may reach is a [`Confinement`], plain data; [`walls`] turns it into
//! steps, according to the [`Tier`]. In tiers A and B the child is born into namespaces
//! of its own, where it is process 1: it builds a file system out of what is granted,
//! moves into it, forks the program, reaps what is orphaned, kills what outlives the
//! program, counts what that left, and ends when its maker lets go. In tiers C and D,
//! without namespaces, Landlock stands where the file system stood, and what outlives
//! the program is ended by its user, or one by one.
//!
//! Everywhere the program then has no capabilities, gains none, can make no call that
//! is not on a list, and has empty hands: three descriptors, no environment.
//!
//! Whether the walls of a tier do stand on a host is for [canaries](canary) to show.
//!
//! # What they do not hold
//!
//! - The bound on memory in total needs a control group that can be written to; without
//!   one, memory is bounded per process.
//! - In tiers C and D names, sizes and times of files outside can be seen (not opened);
//!   disk is bounded per file; System V objects share the numbers of the host's. The
//!   first process sees its own entry of /proc, its children see none.
//! - In tier D submissions that run at the same time are the same user: Landlock keeps
//!   them from each other's files, signals, bounds and abstract sockets, but not from System V
//!   objects and /dev/shm.

mod bounds;
mod calls;
pub mod canary;
mod cgroup;
mod child;
mod command;
mod confinement;
mod enclosure;
mod filter;
mod launch;
mod perform;
mod rules;
#[cfg(test)]
mod sabotage;
mod semaphore;
mod step;
mod sweep;
mod tier;
pub mod trace;
mod tree;
mod walls;
mod worker;

pub use bounds::{bounds, usual};
pub use cgroup::{Controller, Groups, GroupsError, memory_kills_of_the_host, remove_groups};
pub use command::{Command, LaunchError, Stdio};
pub use confinement::{Artefact, Confinement};
pub use enclosure::Enclosure;
pub use launch::{Objects, Pid, Suspended, Walls, enclose, suspend};
pub use perform::landlock_version;
pub use semaphore::Semaphore;
pub use step::{Access, Resource, Step};
pub use sweep::{
    SweepError, adopt_orphans, end_children, end_user, heed_children, reap_children, remove_objects,
};
pub use tier::{Slot, Tier};
pub use walls::{WallsError, walls};
pub use worker::{Forked, fork, settle_down};
