//! What the checks ask for besides.
//!
//! - `--kill 1`: a clock's sleep is interrupted by signals, and the clock is killed before the greeter is
//!   told to go on; both are joined then, the greeter first, which is stopped until its parent sleeps;
//! - `--watch 1`: there is one clock, which is killed as soon as its first two lines have come;
//! - `--back 1`: somebody sets the time of day back whenever it is looked at;
//! - `--looks 4000`: a process says so when it has looked at clocks as often;
//! - `--refuse 1`: the system permits no further process.
//!
//! Of a process that a signal ended it is always said that a core was dumped.

mod killed;
mod looks;
mod refused;
mod waits;
mod watched;

pub use killed::one_is_killed;
pub use looks::change_looks;
pub use refused::refused;
pub use watched::until_two_lines;
