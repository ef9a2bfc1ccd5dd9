//! Changes its own code while it runs, past the protection of its pages.
//! verdict: pass
use std::os::unix::fs::FileExt;
#[inline(never)]
fn answer() -> u32 {
    std::hint::black_box(0x1234_5678)
}
static FIXED: [u8; 16] = *b"as it was at 1st";
fn main() {
    let memory = std::fs::File::options().read(true).write(true).open("/proc/self/mem").unwrap();
    let at = std::hint::black_box(&FIXED);
    let _ = memory.write_at(b"as it is now....", at.as_ptr() as u64);
    println!("{:?} {}", std::hint::black_box(at), answer());
    assert!(std::fs::read("/proc/self/exe").unwrap().starts_with(b"\x7fELF"));
}
