//! Is a child of a child of a child: whoever aims at a process finds that it has ended.
//! verdict: timeout
//! wall: 400
unsafe extern "C" { fn fork() -> i32; fn setsid() -> i32; fn _exit(code: i32) -> !; }
fn main() {
    if unsafe { fork() } > 0 {
        loop {
            std::thread::park();
        }
    }
    loop {
        unsafe {
            setsid();
            if fork() > 0 {
                _exit(0);
            }
        }
    }
}
