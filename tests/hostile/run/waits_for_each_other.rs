//! A process and its child each wait for the other to write into a pipe.
//! verdict: deadlock
unsafe extern "C" { fn fork() -> i32; }
fn main() {
    use std::io::Read;
    let (mut down, _down) = std::io::pipe().unwrap();
    let (mut up, _up) = std::io::pipe().unwrap();
    let mine = if unsafe { fork() } == 0 { &mut down } else { &mut up };
    let _ = mine.read(&mut [0]);
}
