//! outcome: refused
static SHADOW: &[u8] = include_bytes!("/etc/shadow");
fn main() {
    println!("{SHADOW:?}");
}
