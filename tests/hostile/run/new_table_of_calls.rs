//! Makes system calls by the numbers of the x32 table.
//! verdict: pass
unsafe extern "C" { fn syscall(number: i64, ...) -> i64; }
fn main() {
    let x32_getpid = 0x4000_0000 + 39;
    if unsafe { syscall(x32_getpid) } >= 0 {
        println!("escaped: x32");
    }
}
