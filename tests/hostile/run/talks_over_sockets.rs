//! A process and its child each wait for the other to speak, over a pair of sockets.
//! verdict: deadlock
//! verdict in B: timeout
//! wall: 1500
unsafe extern "C" { fn fork() -> i32; }
fn main() {
    use std::io::Read;
    let (mut ours, mut theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    let mine = if unsafe { fork() } == 0 { &mut theirs } else { &mut ours };
    let _ = mine.read(&mut [0]);
}
