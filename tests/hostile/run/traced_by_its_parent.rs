//! Asks to be traced by a process of its own, so that nobody else could.
//! verdict: pass
unsafe extern "C" { fn fork() -> i32; fn ptrace(request: i64, pid: i32, address: usize, data: usize) -> i64; fn wait(status: *mut i32) -> i32; fn _exit(code: i32) -> !; }
fn main() {
    const TRACEME: i64 = 0;
    if unsafe { fork() } == 0 {
        if unsafe { ptrace(TRACEME, 0, 0, 0) } == 0 {
            println!("escaped: is traced by another");
        }
        unsafe { _exit(0) };
    }
    unsafe { wait(std::ptr::null_mut()) };
}
