//! Reads its input to the end, and again, and from the other side.
//! verdict: pass
//! stdin: 300000
use std::io::{Read, Write};
fn main() {
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes.len(), 300_000);
    std::io::stdin().read_to_end(&mut bytes).unwrap();
    if let Ok(mut back) = std::fs::File::options().write(true).open("/proc/self/fd/0") {
        let _ = back.write_all(b"back to the sender");
    }
}
