//! Sends sockets over sockets over sockets, so that descriptors are held by nobody.
//! verdict: pass
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
unsafe extern "C" { fn sendmsg(socket: RawFd, message: *const [usize; 7], flags: i32) -> isize; }
fn send(over: &UnixStream, descriptor: RawFd) -> bool {
    let mut byte = [0u8; 1];
    let piece = [byte.as_mut_ptr() as usize, 1];
    let mut control = [20usize, 1 | 1 << 32, descriptor as usize];
    let message = [0, 0, piece.as_ptr() as usize, 1, control.as_mut_ptr() as usize, 24, 0];
    const DONTWAIT: i32 = 0x40;
    unsafe { sendmsg(over.as_raw_fd(), &message, DONTWAIT) == 1 }
}
fn main() {
    let mut sent = 0;
    for _ in 0..2000 {
        let Ok((one, other)) = UnixStream::pair() else { break };
        // Each holds the other, and nobody holds either.
        if send(&one, other.as_raw_fd()) && send(&other, one.as_raw_fd()) {
            sent += 1;
        }
    }
    println!("{sent}");
}
