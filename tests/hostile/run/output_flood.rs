//! Prints without end.
//! verdict: limit
fn main() {
    loop {
        println!("all work and no play");
    }
}
