//! Has no main function of Rust's, but one of its own that does nothing.
//! verdict: pass
#![no_main]
#[unsafe(no_mangle)]
extern "C" fn main() -> i32 {
    0
}
