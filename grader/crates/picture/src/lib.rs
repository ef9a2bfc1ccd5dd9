//! Draws what was seen of a run.
//!
//! Pure: the same observation always gives the same picture. All pictures stand
//! alone, need no script, and follow the reader's choice of light or dark.

mod dot;
mod graph;
mod lanes;
mod svg;
mod timeline;

pub use dot::dot;
pub use graph::wait_for;
pub use timeline::timeline;
