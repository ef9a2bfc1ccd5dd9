//! Ends itself by a signal that few know.
//! verdict: crash
//! signal: 27
unsafe extern "C" { fn raise(signal: i32) -> i32; }
fn main() {
    unsafe { raise(27) };
}
