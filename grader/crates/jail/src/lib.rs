//! Starts a program under confinement.
//!
//! The only home of `unsafe`. A program is started in two steps, so that an
//! observer can attach to it before its first instruction: [`suspend`] forks and
//! prepares a child that waits just before `execve`, [`Suspended::resume`] lets it go.

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
mod step;
mod sweep;
mod tier;
pub mod trace;
mod tree;
mod walls;

pub use cgroup::{Controller, Groups, GroupsError};
pub use command::{Command, LaunchError, Stdio};
pub use confinement::{Artefact, Confinement};
pub use enclosure::Enclosure;
pub use launch::{Objects, Pid, Suspended, Walls, enclose, suspend};
pub use step::{Access, Resource, Step};
pub use sweep::{SweepError, adopt_orphans, end_user, reap_children, remove_objects};
pub use tier::{Slot, Tier};
pub use walls::{WallsError, walls};
