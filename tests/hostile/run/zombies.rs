//! Leaves children behind that it never waited for.
//! verdict: leak
unsafe extern "C" { fn fork() -> i32; fn waitid(kind: i32, id: u32, info: *mut u8, flags: i32) -> i32; }
fn main() {
    for _ in 0..8 {
        let child = unsafe { fork() };
        if child == 0 {
            return;
        }
        const P_PID: i32 = 1;
        const WEXITED_WNOWAIT: i32 = 4 | 0x0100_0000;
        let mut info = [0u8; 128];
        unsafe { waitid(P_PID, child as u32, info.as_mut_ptr(), WEXITED_WNOWAIT) };
    }
}
