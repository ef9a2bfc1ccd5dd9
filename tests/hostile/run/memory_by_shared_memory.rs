//! Fills the place where shared memory has names.
//! verdict: leak
//! verdict in C: limit
use std::io::Write;
fn main() {
    let piece = vec![1u8; 1 << 20];
    for number in 0..10 {
        let Ok(mut file) = std::fs::File::create(format!("/dev/shm/hostile-{number}")) else { return };
        for _ in 0..16 {
            if file.write_all(&piece).is_err() {
                return;
            }
        }
    }
}
