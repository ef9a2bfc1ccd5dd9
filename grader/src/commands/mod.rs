//! One module for each subcommand.

pub(crate) mod at;
pub(crate) mod book;
pub(crate) mod cache;
pub(crate) mod compare;
pub(crate) mod course;
pub(crate) mod doctor;
pub(crate) mod explore;
pub(crate) mod export;
pub(crate) mod grade;
pub(crate) mod jobe;
pub(crate) mod observe;
pub(crate) mod replay;
pub(crate) mod sign;
pub(crate) mod xqueue;
