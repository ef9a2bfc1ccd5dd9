//! outcome: refused
std::arch::global_asm!(".section .rodata", ".incbin \"SECRET\"");
fn main() {}
