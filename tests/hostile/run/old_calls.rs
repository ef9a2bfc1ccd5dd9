//! Makes a system call as 32-bit programs do, by another table of numbers.
//! verdict: crash
//! signal: 31
fn main() {
    #[cfg(target_arch = "x86_64")]
    unsafe {
        std::arch::asm!("int 0x80", inout("eax") 20 => _)
    };
}
