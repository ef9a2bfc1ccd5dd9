//! Puts memory into files that have no names.
//! verdict: limit
unsafe extern "C" { fn memfd_create(name: *const u8, flags: u32) -> i32; }
fn main() {
    use std::io::Write;
    use std::os::fd::FromRawFd;
    let chunk = vec![1u8; 1 << 20];
    let mut files = Vec::new();
    loop {
        let descriptor = unsafe { memfd_create(c"x".as_ptr().cast(), 0) };
        let mut file = unsafe { std::fs::File::from_raw_fd(descriptor) };
        for _ in 0..64 {
            file.write_all(&chunk).unwrap();
        }
        files.push(file);
    }
}
