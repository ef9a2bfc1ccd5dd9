//! Types into a terminal, if there is one.
//! verdict: pass
unsafe extern "C" { fn ioctl(descriptor: i32, request: u64, argument: *const u8) -> i32; }
fn main() {
    for descriptor in 0..3 {
        for request in [0x5412, 0x541c, 0x540e] {
            if unsafe { ioctl(descriptor, request, b"\x02x".as_ptr()) } == 0 {
                println!("escaped: ioctl {request:#x}");
            }
        }
    }
    if std::fs::File::open("/dev/tty").is_ok() || std::fs::File::open("/dev/ptmx").is_ok() {
        println!("escaped: opens a terminal");
    }
}
