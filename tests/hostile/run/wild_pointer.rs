//! Reads where there is nothing.
//! verdict: crash
//! signal: 11
fn main() {
    let nothing: *const u8 = std::hint::black_box(std::ptr::without_provenance(8));
    std::hint::black_box(unsafe { nothing.read_volatile() });
}
