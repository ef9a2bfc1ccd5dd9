//! Starts a program under confinement.
//!
//! The only home of `unsafe`. A program is started in two steps, so that an
//! observer can attach to it before its first instruction: [`suspend`] forks and
//! prepares a child that waits just before `execve`, [`Suspended::resume`] lets it go.

mod calls;
mod child;
mod command;
mod confinement;
mod enclosure;
mod filter;
mod launch;
mod perform;
mod rules;
mod step;
mod tier;
pub mod trace;
mod tree;
mod walls;

pub use command::{Command, LaunchError, Stdio};
pub use confinement::{Artefact, Confinement};
pub use enclosure::Enclosure;
pub use launch::{Pid, Suspended, Walls, enclose, suspend};
pub use step::{Access, Resource, Step};
pub use tier::{Slot, Tier};
pub use walls::{WallsError, walls};
