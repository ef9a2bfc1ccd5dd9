//! costly
//! One word to the assembler that fills the disk.
//! outcome: stopped
std::arch::global_asm!(".section .data", ".skip 17179869184, 7");
fn main() {}
