//! Computes on every processor at once, in children that nobody can tell from busy ones.
//! verdict: livelock
//! cpu: 500
unsafe extern "C" { fn fork() -> i32; fn wait(status: *mut i32) -> i32; }
fn main() {
    for _ in 0..6 {
        if unsafe { fork() } == 0 {
            loop {
                std::hint::spin_loop();
            }
        }
    }
    while unsafe { wait(std::ptr::null_mut()) } > 0 {}
}
