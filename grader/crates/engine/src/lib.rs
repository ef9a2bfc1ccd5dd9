//! Takes submissions in, builds them, runs a lesson's tests against them, scores.
//!
//! One direction: [`intake`] reads, [`compile`] builds, [`judge`] runs, [`score`]
//! and whatever renders are pure. What is wrong with a submission is data; an
//! `Err` is always a fault of the course, the host or the grader.

pub mod check;
mod check_text;
pub mod class;
pub mod compile;
pub mod explore;
pub mod grade;
pub mod intake;
pub mod judge;
pub mod mutate;
pub mod prepare;
pub mod score;
pub mod toolchain;

pub use grade::Workshop;
