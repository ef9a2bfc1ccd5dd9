//! Ends, and leaves a process that is a new one each time that one looks.
//! verdict: leak
unsafe extern "C" { fn fork() -> i32; fn setsid() -> i32; fn _exit(code: i32) -> !; }
fn main() {
    if unsafe { fork() } > 0 {
        return;
    }
    loop {
        unsafe {
            setsid();
            if fork() != 0 {
                _exit(0);
            }
        }
    }
}
