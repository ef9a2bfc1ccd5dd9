//! Queues signals and timers for itself, as many as the kernel will keep.
//! verdict: pass
unsafe extern "C" { fn sigqueue(pid: i32, signal: i32, value: usize) -> i32; fn sigfillset(set: *mut [u64; 16]) -> i32; fn sigprocmask(how: i32, set: *const [u64; 16], old: *mut [u64; 16]) -> i32; fn timer_create(clock: i32, event: *const u8, timer: *mut usize) -> i32; }
fn main() {
    let mut set = [0; 16];
    unsafe { sigfillset(&mut set); sigprocmask(0, &set, std::ptr::null_mut()) };
    let own = std::process::id() as i32;
    let queued = (0..100_000).take_while(|_| unsafe { sigqueue(own, 34, 7) } == 0).count();
    let mut timer = 0;
    let timers = (0..100_000).take_while(|_| unsafe { timer_create(1, std::ptr::null(), &mut timer) } == 0).count();
    println!("{queued} {timers}");
    if queued == 100_000 || timers == 100_000 {
        println!("escaped: without bound");
    }
}
