//! Says what the walls around submissions hold on this host, and what would help.
//!
//! What is said to hold was tried just now, by building the walls and sending
//! canaries in; nothing is concluded from the version of anything.

mod advice;
mod examine;
mod table;

use jail::Tier;
use serde::Serialize;

pub use examine::examine;
pub use table::table;

/// The version of the serialised form.
pub const SCHEMA: &str = "interleave/doctor/v1";

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Always [`SCHEMA`].
    pub schema: &'static str,
    /// The walls that stand; none if submissions cannot be graded here.
    pub tier: Option<Tier>,
    /// Why the walls are not stronger.
    pub refused: Vec<String>,
    /// One by one, what holds.
    pub findings: Vec<Finding>,
}

/// What was found about one subject.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// `files`, `network`, `memory`.
    pub subject: &'static str,
    /// Whether it holds.
    pub state: State,
    /// How, in a few words.
    pub what: String,
    /// What to change to get more; nothing if there is no more to get.
    pub advice: Option<String>,
}

/// Whether something holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// All that could be wished for.
    Holds,
    /// Less than could be wished for.
    Partly,
    /// Not at all.
    Missing,
}
