//! outcome: refused
fn main() {
    println!("{}", include_str!("/proc/self/rootSECRET"));
}
