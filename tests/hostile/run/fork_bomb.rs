//! Forks as long as it is let.
//! verdict: limit
unsafe extern "C" { fn fork() -> i32; }
fn main() {
    loop {
        unsafe { fork() };
    }
}
