//! What the checks ask for besides.
//!
//! - `--leave 1`: the parent does not wait for the longest task; `--look 2`: it asks after every second
//!   end only;
//! - `--stop 1`: the first task is stopped while it is asked for the first time who is active, and the
//!   longest when the join begins, until the parent sleeps;
//! - `--often 9`: it is asked so often before the first answer is told;
//! - `--earlier 1`: there are another family of one child, and a child of the driver's own, all the
//!   while; both have ended. The other family is asked right after the first answer;
//! - `--refuse 3`: the system permits no third fork, and no further one; `--refuse 1`: none at all;
//! - `--pin 1`: the program may use one processor only, of many;
//! - `--unseen 1`: it is asked for their number once more when the system has too many for a
//!   `sched_getaffinity`.

mod affinity;
mod earlier;
mod processors;
mod refused;
mod stopped;

pub use earlier::Earlier;
pub use processors::{pin, tell_unseen};
pub use refused::refused;
pub use stopped::{go_on, lets_go_on, stop};
