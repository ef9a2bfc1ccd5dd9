//! What was graded, on disk: the [`journal`] of a run, and the [`cache`] of all runs.
//!
//! Both hold lines of JSON with a checksum in front. A line that is not what was written is
//! as good as none: the work is done again, and nothing wrong is believed.

pub mod cache;
mod digest;
pub mod journal;
mod line;

pub use cache::Cache;
pub use digest::{Digest, Hasher};
pub use journal::{Journal, JournalError, Reader};
