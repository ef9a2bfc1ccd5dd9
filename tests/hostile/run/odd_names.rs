//! Gives itself, its threads and its children names that look like the kernel's words about them.
//! verdict: deadlock
unsafe extern "C" { fn prctl(option: i32, ...) -> i32; fn fork() -> i32; }
fn main() {
    use std::io::Read;
    const PR_SET_NAME: i32 = 15;
    let name = |name: &std::ffi::CStr| unsafe { prctl(PR_SET_NAME, name.as_ptr(), 0, 0, 0) };
    name(c") Z 0 0 0 (");
    let (mut down, _down) = std::io::pipe().unwrap();
    let child = unsafe { fork() };
    name(if child == 0 { c") R 1 1 1 -1" } else { c"a\nState:\tR\nb" });
    let _ = down.read(&mut [0]);
}
