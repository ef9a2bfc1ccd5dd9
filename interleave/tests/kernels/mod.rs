//! Programs that are right or wrong, by name, for tests and measurements.

pub mod buggy;
pub mod correct;

/// One program.
#[derive(Clone, Copy, Debug)]
pub struct Kernel {
    pub name: &'static str,
    /// The verdict that it must get.
    pub verdict: &'static str,
    pub run: fn(),
}

macro_rules! kernel {
    ($name:ident, $verdict:literal) => {
        Kernel { name: stringify!($name), verdict: $verdict, run: $name }
    };
}
pub(crate) use kernel;
