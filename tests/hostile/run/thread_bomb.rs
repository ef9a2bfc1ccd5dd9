//! Starts threads that never end.
//! verdict: limit
fn main() {
    loop {
        let _ = std::thread::Builder::new().stack_size(1 << 16).spawn(|| std::thread::park());
    }
}
