//! costly
//! outcome: limit
fn main() {
    print!("{:?}", include_bytes!("/dev/zero").len());
}
