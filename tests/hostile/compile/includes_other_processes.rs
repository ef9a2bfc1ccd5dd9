//! outcome: refused
fn main() {
    println!("{}", include_str!("/proc/1/environ"));
}
