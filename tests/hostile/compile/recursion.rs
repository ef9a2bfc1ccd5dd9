//! costly
//! outcome: stopped
#![recursion_limit = "4000000"]
macro_rules! deeper {
    ($($t:tt)*) => { deeper!($($t)* a) };
}
deeper!();
fn main() {}
