//! What a run was asked to do, and what was seen of it.
//!
//! Plain data, versioned and serialisable: an [`Observation`] that was stored
//! can be judged again without running anything. Nothing here touches the world.

mod observation;
mod request;
mod verdict;
mod wait_for;

pub use observation::{
    Doubt, Exit, Fact, Hang, HangKind, Leftover, LeftoverKind, LimitKind, Observation, Output,
    Process, ProcessId, Resources, SCHEMA, Thread, ThreadId, Unsure,
};
pub use request::{Diagnosis, Limits, Request};
pub use verdict::{UnknownVerdict, Verdict};
pub use wait_for::{Edge, Node, NodeId, Place, Relation, WaitFor};

/// Durations as milliseconds with a fraction, the unit of every report.
pub mod milliseconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes milliseconds, to the microsecond.
    pub fn serialize<S: Serializer>(duration: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64((duration.as_secs_f64() * 1e6).round() / 1e3)
    }

    /// Reads milliseconds; negative or absurd values are errors.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        let milliseconds = f64::deserialize(from)?;
        Duration::try_from_secs_f64(milliseconds / 1e3).map_err(serde::de::Error::custom)
    }

    /// The same for a duration that may be absent.
    pub mod option {
        use std::time::Duration;

        use serde::{Deserialize, Deserializer, Serializer};

        /// Writes milliseconds or null.
        pub fn serialize<S: Serializer>(
            duration: &Option<Duration>,
            to: S,
        ) -> Result<S::Ok, S::Error> {
            match duration {
                Some(duration) => super::serialize(duration, to),
                None => to.serialize_none(),
            }
        }

        /// Reads milliseconds or null.
        pub fn deserialize<'de, D: Deserializer<'de>>(
            from: D,
        ) -> Result<Option<Duration>, D::Error> {
            let milliseconds = Option::<f64>::deserialize(from)?;
            milliseconds
                .map(|ms| Duration::try_from_secs_f64(ms / 1e3).map_err(serde::de::Error::custom))
                .transpose()
        }
    }
}
