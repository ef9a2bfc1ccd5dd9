//! What the checks ask for besides.
//!
//! - `--rounds 3`: not only the first `--meet` chunks wait for one another, but so many that follow do
//!   so, too, and so many again, or those that are left;
//! - `--who 1`: each chunk says by which process it is done;
//! - `--again 4`: there is a second call afterwards, in chunks of four, whose results are sums of squares
//!   from the beginning of a chunk on, and main says how many descriptors the two calls have left open;
//! - `--own 1`: main has three children of its own meanwhile;
//! - `--count 140000`: so many numbers are squared, with few descriptors; with `--refuse 1` the system
//!   permits no process after the first that is forked for them.

mod again;
mod backwards;
mod many;
mod meetings;
mod own_children;

pub use again::{descriptors, sum_up};
pub use backwards::Backwards;
pub use many::square_many;
pub use meetings::Meetings;
pub use own_children::OwnChildren;
