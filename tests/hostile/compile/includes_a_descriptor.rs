//! Its input is empty, and its output is no file that it could read without end.
//! outcome: compiles
fn main() {
    println!("{:?}", include_bytes!("/dev/stdin"));
}
