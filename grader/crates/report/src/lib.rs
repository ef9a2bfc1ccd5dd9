//! What became of a class's submissions, and how it is written down.
//!
//! [`grade`] and [`ungraded`] turn the outcomes of tests into scores; every
//! renderer then reads the same [`Report`]. All of it is pure: the same report
//! always renders to the same bytes. A new format is one file.
//!
//! Names and messages come from students and can hold anything. Renderers for
//! people pass them through [`printable()`] or [`printable_lines()`]; the others
//! leave them to a serialiser.

pub mod compare;
mod evidence;
mod grade;
pub mod gradescope;
pub mod junit;
mod meaning;
mod model;
mod printable;
pub mod results;
pub mod sheet;
#[cfg(test)]
mod specimen;
pub mod statistics;
pub mod table;

pub use evidence::details;
pub use grade::{Outcome, Work, grade, ungraded};
pub use meaning::meaning;
pub use model::{
    Evidence, Grade, GradedLesson, HandedIn, Report, Run, SCHEMA, Status, Submission, Tally,
    TestResult, TestStatus,
};
pub use printable::{excerpt, printable, printable_lines};
