//! Ends, but leaves a child that keeps its output open.
//! verdict: leak
unsafe extern "C" { fn fork() -> i32; fn pause() -> i32; }
fn main() {
    if unsafe { fork() } == 0 {
        loop {
            unsafe { pause() };
        }
    }
    println!("done");
}
