//! What the checks have happen besides.
//!
//! - When all of `--meet` have met, child `--die` is ended by a signal, child `--panic` panics,
//!   child `--catch` catches a panic of its own, and child `--interrupt` sends the waiting parent a
//!   signal;
//! - `--beside 1`: the last child sends when the first is in the midst of it; `--torn 1`: it kills
//!   the first then;
//! - `--other 77`: the program has another child before that and another one after that, which end
//!   with that status;
//! - `--scarce 7`: no more than that many descriptors can be opened;
//! - `--gone 1`: the only child kills its parent before it sends;
//! - `--pieces 3`: the list goes through something that takes and gives 3 bytes at a time, and that
//!   a signal interrupts again and again.

mod gone;
mod mishaps;
mod other;
mod pieces;
mod scarce;
mod signals;

pub use gone::parent_is_gone;
pub use mishaps::Mishaps;
pub use other::beside_another;
pub use pieces::in_pieces;
pub use scarce::permit_descriptors;
pub use signals::be_interrupted;
