//! Changes bounds, priorities and processors of processes that are not its own.
//! verdict: pass
use std::ptr::null_mut;
unsafe extern "C" { fn getppid() -> i32; fn prlimit(pid: i32, resource: u32, new: *const [u64; 2], old: *mut [u64; 2]) -> i32; fn setpriority(which: i32, who: u32, value: i32) -> i32; fn sched_setaffinity(pid: i32, size: usize, mask: *const u64) -> i32; fn sched_setscheduler(pid: i32, policy: i32, parameter: *const i32) -> i32; fn setpgid(pid: i32, group: i32) -> i32; }
fn main() {
    let parent = unsafe { getppid() };
    for pid in [1, parent] {
        let (descriptors, idle) = (7, 5);
        let mut old = [0; 2];
        unsafe {
            if prlimit(pid, descriptors, null_mut(), &mut old) == 0 && prlimit(pid, descriptors, &old, null_mut()) == 0 {
                println!("escaped: sets the bounds of {pid}");
            }
            if setpriority(0, pid as u32, 1) == 0 || setpriority(1, pid as u32, 1) == 0 {
                println!("escaped: slows {pid}");
            }
            if sched_setaffinity(pid, 8, &1) == 0 {
                println!("escaped: says where {pid} runs");
            }
            if sched_setscheduler(pid, idle, &0) == 0 {
                println!("escaped: says when {pid} runs");
            }
            if setpgid(pid, 0) == 0 {
                println!("escaped: regroups {pid}");
            }
        }
    }
}
