//! Puts memory into System V segments.
//! verdict: limit
//! verdict in B: leak
//! verdict in D: leak
unsafe extern "C" { fn shmget(key: i32, size: usize, flags: i32) -> i32; fn shmat(id: i32, at: *const u8, flags: i32) -> *mut u8; }
fn main() {
    for _ in 0..12 {
        let size = 16 << 20;
        let id = unsafe { shmget(0, size, 0o1600) };
        if id < 0 {
            return;
        }
        let at = unsafe { shmat(id, std::ptr::null(), 0) };
        for page in (0..size).step_by(4096) {
            unsafe { at.add(page).write_volatile(1) };
        }
    }
}
