//! What the checks have done with a pool besides.
//!
//! - `--begun 1`: main asks for nothing before each worker has begun a task and another that had to
//!   wait has begun as well, and submits more meanwhile, with nothing to do;
//! - `--again 1`: it asks once more in the end;
//! - `--early 1`: main tries to join a pool that is open;
//! - `--idle 1`: main looks away until the first tasks, one for each worker, are done, and as many
//!   behind them wait for one another;
//! - `--kill 2`, which takes `--idle 1`: it kills that many workers when it has all results;
//! - `--orphan 1`: it submits one more task when it has all results; `--late 1`: one after `close` and
//!   `terminate`; `--both 1`: it closes the pool before it terminates it;
//! - `--forget 1`: it asks for none of the tasks `--held` and drops their handles;
//! - `--slow 1`: all others begin when main asks for those, take a millisecond each, and are not asked
//!   for; `--patience` is how long, in milliseconds, main waits for a task that is held;
//! - `--gone 1`: it drops the pool before it asks for the last results.

mod absence;
mod pids;

pub use absence::Absence;
pub use pids::Pids;
