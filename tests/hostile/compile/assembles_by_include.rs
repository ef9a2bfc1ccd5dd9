//! outcome: refused
std::arch::global_asm!(".include \"SECRET\"");
fn main() {}
