//! Leaves a segment of shared memory behind.
//! verdict: leak
unsafe extern "C" { fn shmget(key: i32, size: usize, flags: i32) -> i32; }
fn main() {
    assert!(unsafe { shmget(0, 4096, 0o1600) } >= 0);
}
