//! What the drivers of the lessons stand on.
//!
//! A driver plays the student's code on a stage: it says what happens as
//! labelled [events](event), brings processes or threads together at a
//! [meeting point](Meeting), and takes its sizes from [arguments](Arguments).
//! Std alone, so that a lesson builds fast and a student can read all of it.

mod arguments;
mod event;
mod meeting;

pub use arguments::Arguments;
pub use event::event;
pub use meeting::Meeting;
