//! outcome: refused
#[doc = include_str!("SECRET")]
fn main() {}
