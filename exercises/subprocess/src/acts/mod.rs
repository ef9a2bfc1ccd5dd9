//! The programs that are run, and what the checks ask for besides.
//!
//! Parts: `exit` ends with `--status` (below 0: by that signal), `mirror` copies its input to both
//! outputs, `count` counts it, `flood` writes before it reads, `deaf` does not read, `scorn` closes
//! its input and writes then, `echo` writes `--words` to both outputs, `linger` closes both, sends
//! its waiting caller signals before and after, reads as many bytes as `--words` says, and is stopped
//! for a while before it ends, `files` says which files its input and outputs are.
//!
//! With `--times` a program is run so often, with less and less input, and what came of the last run
//! is told. With `--scarce 1` it has been tried before with few descriptors that could be opened, and
//! what failed is told. With `--refused 1` it is tried what the system refuses. With `--other 77` the
//! caller has another child, which has ended with that status.

mod caller;
mod parts;
mod refused;

pub use caller::{be_interrupted, ended_child, files, open_descriptors, treated_signals};
pub use parts::{judge, play};
pub use refused::{refused, scarce};
