//! Asks for more of the processor than others get.
//! verdict: pass
unsafe extern "C" { fn setpriority(which: i32, who: u32, value: i32) -> i32; fn sched_setscheduler(pid: i32, policy: i32, parameter: *const i32) -> i32; }
fn main() {
    if unsafe { setpriority(0, 0, -5) } == 0 {
        println!("escaped: a better priority");
    }
    for policy in [1, 2] {
        if unsafe { sched_setscheduler(0, policy, &5) } == 0 {
            println!("escaped: real-time scheduling");
        }
    }
}
