//! Has more zeros than any address space of its bound can hold.
//! verdict: crash
const SIZE: usize = 3 << 29;
static mut ZEROS: [u8; SIZE] = [0; SIZE];
fn main() {
    unsafe { (&raw mut ZEROS).cast::<u8>().add(std::process::id() as usize).write_volatile(1) };
}
