//! Looks for descriptors that somebody forgot to close.
//! verdict: pass
unsafe extern "C" { fn fcntl(descriptor: i32, command: i32) -> i32; }
fn main() {
    for descriptor in 3..4096 {
        if unsafe { fcntl(descriptor, 1) } >= 0 {
            println!("escaped: descriptor {descriptor}");
        }
    }
}
