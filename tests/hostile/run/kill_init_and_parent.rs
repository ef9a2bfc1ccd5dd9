//! Signals the first process and its own parent.
//! verdict: pass
unsafe extern "C" { fn kill(pid: i32, signal: i32) -> i32; fn getppid() -> i32; }
fn main() {
    for signal in [9, 15, 19] {
        unsafe { kill(1, signal); kill(getppid(), signal); kill(-getppid(), signal) };
    }
    println!("still here");
}
