//! Ends while its threads start processes and its processes start threads.
//! verdict: leak
unsafe extern "C" { fn fork() -> i32; fn _exit(code: i32) -> !; fn pause() -> i32; }
fn main() {
    for _ in 0..4 {
        // No more of them than are allowed, should the end be long in coming.
        std::thread::spawn(|| for _ in 0..5 {
            if unsafe { fork() } == 0 {
                unsafe { pause(); _exit(0) };
            }
            let _ = std::thread::Builder::new().stack_size(1 << 16).spawn(std::thread::park);
        });
    }
    if unsafe { fork() } == 0 {
        loop {
            unsafe { pause() };
        }
    }
    unsafe { _exit(0) };
}
