//! Ends at once, but has children that print without end.
//! verdict: leak
unsafe extern "C" { fn fork() -> i32; }
fn main() {
    for _ in 0..4 {
        if unsafe { fork() } == 0 {
            loop {
                println!("still printing");
                eprintln!("here too");
            }
        }
    }
}
