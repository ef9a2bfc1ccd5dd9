//! What the drivers of the lessons stand on.
//!
//! A driver plays the student's code on a stage: it says what happens as
//! labelled [events](event), brings processes or threads together at a
//! [meeting point](Meeting), holds them back at a [gate](Gate), lets one come to
//! [rest](until_asleep), also if it has just [arrived](Arrivals), be [stopped](stop_for_a_while)
//! for a while, or has the system [refuse](refuse_processes) more of them, or
//! [grant little](with_limit) of something for a while, and takes its sizes from [arguments](Arguments). Hardly more than std, so that a lesson builds
//! fast and a student can read all of it.

mod arguments;
mod arrivals;
mod asleep;
mod end;
mod event;
mod gate;
mod limit;
mod meeting;
mod refusal;
mod stop;

pub use arguments::{Arguments, Value};
pub use arrivals::Arrivals;
pub use asleep::until_asleep;
pub use event::event;
pub use gate::Gate;
pub use limit::with_limit;
pub use meeting::Meeting;
pub use refusal::refuse_processes;
pub use stop::stop_for_a_while;
