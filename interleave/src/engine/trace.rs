//! What happened in a schedule, for people.

use super::{Place, TaskId};

/// One thing that a thread did.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) task: TaskId,
    pub(crate) at: Option<Place>,
    pub(crate) text: String,
}
