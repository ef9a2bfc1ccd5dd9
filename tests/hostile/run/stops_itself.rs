//! Stops, and waits for somebody to let it go on.
//! verdict: timeout
//! wall: 700
unsafe extern "C" { fn raise(signal: i32) -> i32; }
fn main() {
    unsafe { raise(19) };
}
