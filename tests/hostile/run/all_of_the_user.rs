//! Slows whatever belongs to its user, itself included; only that may come of it.
//! verdict: pass
unsafe extern "C" { fn setpriority(which: i32, who: u32, value: i32) -> i32; fn getpriority(which: i32, who: u32) -> i32; fn getppid() -> i32; }
fn main() {
    let before = unsafe { getpriority(0, getppid() as u32) };
    unsafe { setpriority(2, 0, 7) };
    if unsafe { getpriority(0, getppid() as u32) } != before {
        println!("escaped: slows its parent");
    }
}
