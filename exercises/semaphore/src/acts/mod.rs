//! What the checks have done with a semaphore besides.
//!
//! - With `--signal 1` two workers wait, of which the first gets many signals, and main gives a permit
//!   to each; with `--signal 2` it gives none;
//! - with `--hand-on 1` a worker takes all permits, and main gives them back, and one more;
//! - with `--wake 4` four workers wait, a fifth gives a permit and takes one, and main gives as many
//!   as still wait, one right after the other;
//! - with `--look 100` two processes look so often how many permits there are, while nobody takes any.

mod hand_on;
mod look;
mod signals;
mod unwinding;
mod wake;

pub use hand_on::hand_on;
pub use look::look_together;
pub use signals::wait_through_signals;
pub use unwinding::{Tidies, hold_while_unwinding};
pub use wake::wake_all;
