//! Leaves a child behind that is stopped.
//! verdict: leak
unsafe extern "C" { fn fork() -> i32; fn raise(signal: i32) -> i32; fn waitpid(pid: i32, status: *mut i32, flags: i32) -> i32; }
fn main() {
    let child = unsafe { fork() };
    if child == 0 {
        unsafe { raise(19) };
        return;
    }
    const WUNTRACED: i32 = 2;
    unsafe { waitpid(child, std::ptr::null_mut(), WUNTRACED) };
}
