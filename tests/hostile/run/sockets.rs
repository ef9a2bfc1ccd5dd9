//! Tries every way to the network.
//! verdict: pass
unsafe extern "C" { fn socket(family: i32, kind: i32, protocol: i32) -> i32; fn socketpair(family: i32, kind: i32, protocol: i32, pair: *mut i32) -> i32; }
fn main() {
    const AF_UNIX: i32 = 1;
    for family in (0..64).filter(|family| *family != AF_UNIX) {
        for kind in [1, 2, 3, 5] {
            let mut pair = [0; 2];
            if unsafe { socket(family, kind, 0) } >= 0 || unsafe { socketpair(family, kind, 0, pair.as_mut_ptr()) } == 0 {
                println!("escaped: socket of family {family}, kind {kind}");
            }
        }
    }
    if std::net::TcpStream::connect("127.0.0.1:22").is_ok() || std::net::UdpSocket::bind("0.0.0.0:0").is_ok() {
        println!("escaped: to the network");
    }
}
