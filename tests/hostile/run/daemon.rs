//! Leaves a process behind that nobody waits for, in a session of its own.
//! verdict: leak
unsafe extern "C" { fn fork() -> i32; fn setsid() -> i32; fn pause() -> i32; fn waitpid(pid: i32, status: *mut i32, flags: i32) -> i32; fn signal(number: i32, action: usize) -> usize; }
fn main() {
    unsafe {
        let child = fork();
        if child > 0 {
            waitpid(child, std::ptr::null_mut(), 0);
            return;
        }
        setsid();
        if fork() > 0 {
            std::process::exit(0);
        }
        for number in 1..32 {
            signal(number, 1);
        }
        loop {
            pause();
        }
    }
}
