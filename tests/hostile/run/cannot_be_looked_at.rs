//! Forbids others to look into it, then locks itself out.
//! verdict: deadlock
//! verdict in B: timeout
//! verdict in D: timeout
//! wall: 1500
unsafe extern "C" { fn prctl(option: i32, ...) -> i32; }
fn main() {
    const PR_SET_DUMPABLE: i32 = 4;
    unsafe { prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) };
    let lock = std::sync::Mutex::new(());
    let _held = lock.lock();
    let _never = lock.lock();
}
