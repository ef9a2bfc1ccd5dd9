//! What the tests of a lesson import.
//!
//! A test states a property of the student's program and nothing about the
//! order of its output. It runs the program on random sizes, looks at what the
//! operating system and the labelled events say, and answers with `Ok` or with
//! a [`Finding`]:
//!
//! ```no_run
//! # use kit::{program, property};
//! # macro_rules! program { () => { kit::Program::new("path") } }
//! #[test]
//! fn every_worker_enters_once() {
//!     property(|random| {
//!         let workers = random.pick(1..=6);
//!         let run = program!().arg("workers", workers).run()?;
//!         run.ends_well()?;
//!         run.events().named("enter").counts(workers)
//!     });
//! }
//! ```
//!
//! The same test binary serves `cargo test`, where the program is the one that
//! Cargo built, and the grader, which names another in [`PROGRAM_VARIABLE`].

mod asked;
mod event;
mod finding;
mod hint;
mod overlap;
mod program;
mod property;
mod random;
mod run;
mod show;
mod snapshot;
mod tasks;
mod timeline;

pub use assert_cmd;
pub use insta;
pub use observation::{self, Verdict};
pub use predicates;

pub use event::{Event, Events};
pub use finding::{Checked, FINDING_VARIABLE, Finding, Outcome, Tally};
pub use overlap::Overlap;
pub use program::{LIMITS_VARIABLE, PROGRAM_VARIABLE, Program};
pub use property::{RUNS_VARIABLE, property};
pub use random::Random;
pub use run::Run;
pub use show::{compare, compare_unordered};
#[doc(hidden)]
pub use snapshot::compare_snapshot;
pub use tasks::{Processes, Threads};
pub use timeline::TIMELINE_VARIABLE;

/// The program of this lesson, as Cargo built it or as the grader names it.
#[macro_export]
macro_rules! program {
    () => {
        $crate::Program::driver(env!(concat!("CARGO_BIN_EXE_", env!("CARGO_PKG_NAME"))))
    };
}
