//! outcome: refused
#[path = "/proc/self/fd"]
mod descriptors;
fn main() {
    print!("{}", include_str!("/"));
}
