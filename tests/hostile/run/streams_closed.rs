//! Closes its three streams and opens others in their place.
//! verdict: pass
unsafe extern "C" { fn close(descriptor: i32) -> i32; fn dup(descriptor: i32) -> i32; }
fn main() {
    for descriptor in 0..3 {
        unsafe { close(descriptor) };
    }
    let file = std::fs::File::options().read(true).write(true).open("/dev/null").unwrap();
    unsafe { dup(0); dup(0) };
    println!("into the void");
    drop(file);
}
