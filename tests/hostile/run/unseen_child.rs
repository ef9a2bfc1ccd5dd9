//! Tries to have a child that the observer is not told of.
//! verdict: pass
unsafe extern "C" { fn syscall(number: i64, ...) -> i64; }
#[cfg(target_arch = "x86_64")]
const CLONE: i64 = 56;
#[cfg(target_arch = "aarch64")]
const CLONE: i64 = 220;
fn main() {
    const UNTRACED: u64 = 0x0080_0000;
    const SIGCHLD: u64 = 17;
    if unsafe { syscall(CLONE, UNTRACED | SIGCHLD, 0u64, 0u64, 0u64, 0u64) } >= 0 {
        println!("escaped: an unseen child");
    }
}
