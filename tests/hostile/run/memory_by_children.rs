//! Stays within the bound per process, with many processes.
//! verdict: limit
//! verdict in B: pass
//! verdict in D: pass
unsafe extern "C" { fn fork() -> i32; fn pause() -> i32; fn wait(status: *mut i32) -> i32; fn kill(pid: i32, signal: i32) -> i32; }
fn main() {
    let mut children = Vec::new();
    for _ in 0..16 {
        let (mut read, write) = std::io::pipe().unwrap();
        let child = unsafe { fork() };
        if child == 0 {
            let hoard = vec![1u8; 16 << 20];
            std::hint::black_box(&hoard);
            drop(write);
            loop {
                unsafe { pause() };
            }
        }
        drop(write);
        let _ = std::io::Read::read(&mut read, &mut [0]);
        children.push(child);
    }
    for child in children {
        unsafe { kill(child, 9); wait(std::ptr::null_mut()) };
    }
}
