//! Writes a file until it is stopped.
//! verdict: limit
//! signal: 25
use std::io::Write;
fn main() {
    let mut file = std::fs::File::create(std::env::temp_dir().join("huge")).unwrap();
    let piece = vec![1u8; 1 << 20];
    loop {
        file.write_all(&piece).unwrap();
    }
}
