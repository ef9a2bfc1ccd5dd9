//! costly
//! A few words to the assembler that make many.
//! outcome: stopped
std::arch::global_asm!(".section .rodata", ".rept 1000000000", ".quad 1, 2, 3, 4", ".endr");
fn main() {}
