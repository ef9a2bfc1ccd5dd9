//! Keeps to one processor and to the lowest priority, with more threads than that can carry.
//! verdict: pass
unsafe extern "C" { fn sched_setaffinity(pid: i32, size: usize, mask: *const u64) -> i32; fn nice(by: i32) -> i32; }
fn main() {
    unsafe { sched_setaffinity(0, 8, &1); nice(19) };
    let threads: Vec<_> = (0..8).map(|_| std::thread::spawn(|| (0..10_000u64).sum::<u64>())).collect();
    threads.into_iter().for_each(|thread| assert_eq!(thread.join().unwrap(), 49_995_000));
}
