//! The results of one submission in the words of each learning-management system.
//!
//! One renderer for each format, a file each, all from the same [`Sitting`]: what one student or
//! group handed in, graded, without anything that they may not see. Pure: what a platform's
//! folders look like, and where results go, is the rim's.
//!
//! Two rules hold for all of them. What came from a student never stands where the platform would
//! take it for ours: it is serialised, or each of its lines begins with something of ours. And
//! a total is written only if every test was judged; where a platform has no word for "not
//! graded", the total is left out rather than made up.

pub mod autolab;
pub mod check50;
pub mod classroom50;
pub mod code_quality;
pub mod coderunner;
pub mod coursera;
pub mod ctrf;
pub mod exercism;
pub mod github;
pub mod gradescope;
pub mod inginious;
pub mod package;
mod platform;
pub mod prairielearn;
mod sitting;
#[cfg(test)]
mod specimen;
pub mod submitty;
mod text;
pub mod vpl;
pub mod xqueue;

pub use platform::{Platform, UnknownPlatform};
pub use sitting::{Sitting, for_student};
