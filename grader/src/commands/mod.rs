//! One module for each subcommand.

pub(crate) mod course;
pub(crate) mod doctor;
pub(crate) mod grade;
pub(crate) mod observe;
