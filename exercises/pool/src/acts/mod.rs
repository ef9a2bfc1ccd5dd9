//! What the checks have done with a pool besides.
//!
//! - `--backwards 4`: the first tasks, as many as there are workers or fewer, are done in reverse order;
//! - `--begun 1`: main reads no result before hundreds of tasks that had to wait have begun, and
//!   submits more meanwhile, with nothing to do;
//! - `--before 1`: there was another pool before, whose results were not all read;
//! - `--signal 1`: main handles a signal, and so does whoever it forks: it is sent to each worker
//!   before there is a task, and by the first task to main;
//! - `--kept 2100`: main does nothing but read the result of one task after those of so many that were
//!   submitted later, some at a time, the last of them first;
//! - `--twins 1`: there are only some tasks with equal or special inputs.

mod backwards;
mod begun;
mod other_pools;
mod signals;

pub use backwards::Backwards;
pub use begun::{children_of, submit_until_begun};
pub use other_pools::{another_pool, read_the_first_last, tell_twins_apart};
pub use signals::{handle_signals, send_signals};
