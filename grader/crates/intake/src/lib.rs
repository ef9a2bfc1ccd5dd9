//! Finds out who handed in what.
//!
//! A source is a folder or an archive, as an instructor has it or as a learning-management
//! system made it. Its [`Layout`] says how names are to be read; it is recognised by what
//! stands in the source, and says why. What is not certain is listed and not guessed.
//!
//! Nothing of a student's is trusted: links are not followed, sizes and numbers are bounded,
//! archives are refused whole when they hold what no honest one holds; of a class's archive only
//! what is one student's is, where systems pass on names as students chose them. Names are made safe
//! once, in [`StudentName`]. What is wrong with one submission is data about that submission.

mod archive;
mod collect;
mod entry_path;
mod layout;
mod lessons;
mod map;
mod moment;
mod notice;
mod piece;
mod place;
mod roster;
mod source;
mod student;
mod submission;

pub use archive::Refusal;
pub use collect::{Intake, IntakeError, Options, Person, Taken, UnknownLesson, choose, collect};
pub use layout::{Layout, UnknownLayout};
pub use map::{Map, MapError};
pub use notice::{Kind, Notice};
pub use roster::{Roster, RosterError};
pub use student::StudentName;
pub use submission::{
    Attempt, BadFile, FILE_SIZE, FileAt, Place, SourceFile, Submission, find_files,
};
