//! What happened in a schedule, for people.

use super::{ObjectId, Place, TaskId};

/// One thing that a thread did.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) task: TaskId,
    pub(crate) at: Option<Place>,
    pub(crate) text: String,
    pub(crate) effect: Option<(Effect, ObjectId)>,
}

/// What an event means for an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// From now on the thread holds it.
    Takes,
    /// From now on it does not.
    Releases,
    /// From now on it waits for it.
    Waits,
}
