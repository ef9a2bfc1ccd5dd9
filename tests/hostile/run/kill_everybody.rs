//! Signals everybody that it may.
//! verdict: pass
unsafe extern "C" { fn kill(pid: i32, signal: i32) -> i32; }
fn main() {
    unsafe { kill(-1, 9) };
    println!("still here");
}
