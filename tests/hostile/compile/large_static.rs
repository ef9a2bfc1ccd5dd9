//! costly
//! outcome: stopped
static LARGE: [u8; 1 << 34] = [1; 1 << 34];
fn main() {
    println!("{}", LARGE[std::process::id() as usize]);
}
