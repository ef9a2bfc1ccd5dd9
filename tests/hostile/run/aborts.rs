//! Ends itself by a signal.
//! verdict: crash
//! signal: 6
fn main() {
    std::process::abort();
}
