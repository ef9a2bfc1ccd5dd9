//! Executes itself without end, so that it is a new program each time that one looks.
//! verdict: limit
//! cpu: 400
//! wall: 6000
use std::os::unix::process::CommandExt;
fn main() {
    let _ = std::process::Command::new("/proc/self/exe").exec();
}
