//! Opens a FIFO that nobody opens from the other side, though where others see it somebody could.
//! verdict: deadlock
//! verdict in C: timeout
//! verdict in D: timeout
//! wall: 700
unsafe extern "C" { fn mkfifo(path: *const u8, mode: u32) -> i32; }
fn main() {
    let path = std::env::temp_dir().join("fifo");
    let name = format!("{}\0", path.display());
    assert_eq!(unsafe { mkfifo(name.as_ptr(), 0o600) }, 0);
    let _ = std::fs::File::open(path);
}
