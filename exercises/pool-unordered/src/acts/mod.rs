//! What the checks ask for besides.
//!
//! - `--again 1`: the numbers are squared once more afterwards, and as many results taken;
//! - `--own 1`: main has two children more, which are no workers;
//! - `--signal 1`: the first number sends signals to main, which handles them;
//! - `--deaf 1`: main handles SIGTERM, and so do its children;
//! - `--rest 1`: main goes on after each fork only when whoever was forked sleeps;
//! - `--idle 1`: main takes no result, and waits for ever;
//! - `--beside 1`: another process, which main forks when it has called the map before, is one of those
//!   that wait for one another, and then calls the map, too; no number is done before that has ended.

mod again;
mod beside;
mod end;
mod own_children;
mod rest;
mod signals;

pub use again::square_again;
pub use beside::fork_another;
pub use end::look_behind_the_end;
pub use own_children::OwnChildren;
pub use rest::rest_after_forks;
pub use signals::{handle, send_signals};
