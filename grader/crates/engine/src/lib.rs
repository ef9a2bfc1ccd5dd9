//! Builds submissions, runs a lesson's tests against them, scores.
//!
//! One direction: the crate `intake` reads, [`compile`] builds, [`judge`] runs, [`score`]
//! and whatever renders are pure. What is wrong with a submission is data; an
//! `Err` is always a fault of the course, the host or the grader.

pub mod bundle;
mod cargo;
pub mod certify;
pub mod check;
mod check_text;
pub mod class;
pub mod compile;
pub mod explore;
pub mod fingerprint;
pub mod grade;
mod idle;
pub mod judge;
pub mod mutate;
mod open;
pub mod pictured;
pub mod prepare;
mod rooted;
pub mod score;
pub mod toolchain;

pub use grade::Workshop;
