//! What the checks ask for besides.
//!
//! - These tasks return, too: `stop` is stopped for a while, `caught` catches a panic of its own, `inner`
//!   has a task of its own that panics, `interrupt` sends its sleeping caller a signal, `background`
//!   starts a process that goes on (`background-exit` then exits with 0), `large` has a large array on
//!   its stack, and `silent` does nothing at all (`silent-panic` just panics);
//! - `panic-text` and `panic-value` panic with another value;
//! - `--other 77`: the program has another child all the while, which has ended with that status and
//!   has not been waited for;
//! - `--refuse 1`: the system permits no further process or thread.

mod background;
mod other;
mod refused;
mod tasks;
mod waits;

pub use background::{let_end, starts_another};
pub use other::{ended_child, look_for};
pub use refused::refused;
pub use tasks::{be_interrupted, has_one_that_panics, perform};
