#![doc = include_str!("../README.md")]
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::new_without_default,
    clippy::must_use_candidate,
    reason = "a look-alike of std prints for its users and has std's signatures"
)]

mod engine;
mod explore;
mod finding;
mod macros;

pub mod hint;
pub mod io;
pub mod panic;
pub mod prelude;
pub mod process;
pub mod sync;
pub mod thread;
pub mod time;

pub use std::*;

pub use interleave_macros::test;

/// The real `#[test]`, wherever `std` and `core` mean this crate.
#[doc(hidden)]
pub use core::prelude::v1::test as __harness_test;

pub use engine::portfolio::Strategy;
pub use engine::schedule::{NotASchedule, Rules, Schedule, Time};
pub use explore::{__explore_test, Explore, ShouldPanic, TestResult, explore, printed, reachable};
pub use finding::{Edge, Effect, Node, Report, SourceLine, Step, Verdict, WaitFor};
pub use macros::{__debug, __print};
