//! [`std::hint`] under the explorer.

pub use std::hint::{assert_unchecked, black_box, unreachable_unchecked};
use std::panic::Location;

use crate::engine::yield_point;

/// Lets others run, since the caller spins.
#[track_caller]
pub fn spin_loop() {
    yield_point(Location::caller(), |_| "spins".to_owned());
}
