//! Has children that each leave a dead child behind, more of them than may be there at once.
//! verdict: leak
unsafe extern "C" {
    fn fork() -> i32;
    fn waitid(kind: i32, id: u32, info: *mut u8, flags: i32) -> i32;
    fn waitpid(pid: i32, status: *mut i32, options: i32) -> i32;
    fn _exit(code: i32) -> !;
}
fn main() {
    for _ in 0..200 {
        match unsafe { fork() } {
            0 => unsafe {
                let child = fork();
                if child == 0 {
                    _exit(0);
                }
                if child < 0 {
                    println!("escaped: the dead are counted, whom init would have reaped");
                }
                const P_PID: i32 = 1;
                const WEXITED_WNOWAIT: i32 = 4 | 0x0100_0000;
                let mut info = [0u8; 128];
                waitid(P_PID, child as u32, info.as_mut_ptr(), WEXITED_WNOWAIT);
                _exit(0);
            },
            child if child > 0 => unsafe {
                waitpid(child, std::ptr::null_mut(), 0);
            },
            _ => return,
        }
    }
}
