//! What is not set cannot be included.
//! outcome: refused
fn main() {
    println!("{}", env!("HOME"));
}
