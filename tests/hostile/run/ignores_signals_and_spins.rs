//! Ignores every signal that asks it to end, and computes.
//! verdict: livelock
//! cpu: 700
unsafe extern "C" { fn signal(number: i32, action: usize) -> usize; }
fn main() {
    for number in 1..32 {
        unsafe { signal(number, 1) };
    }
    loop {
        std::hint::spin_loop();
    }
}
