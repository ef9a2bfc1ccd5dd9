//! Prints one line of a hundred megabytes.
//! verdict: limit
use std::io::Write;
fn main() {
    let piece = vec![b'x'; 1 << 20];
    for _ in 0..100 {
        if std::io::stdout().write_all(&piece).is_err() {
            return;
        }
    }
    println!();
}
