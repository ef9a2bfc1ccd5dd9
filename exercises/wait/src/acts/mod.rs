//! What the checks have happen besides.
//!
//! - `--stop 1`: there is one child, which is stopped before it ends, and somebody who lets it go
//!   on;
//! - `--other 77`: the program has another child, which has ended with that status before all
//!   others, and which is asked for last;
//! - `--core 1`: the status of a child that a signal ended says as well that a core was dumped;
//! - `--leaves 3`: the job of child 3 does not return its status, but calls `_exit` with it;
//! - `--row 20`: so many more are started and asked for in the end, one after the other, while few
//!   descriptors may be opened;
//! - `--refuse 1`: the system permits no further process then, and one more is started.

mod other;
mod refused;
mod row;
mod stopped;
mod waits;

pub use other::ended_child;
pub use refused::refused;
pub use row::in_a_row;
pub use stopped::stopped;
pub use waits::CORE;
