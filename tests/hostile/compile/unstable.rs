//! outcome: refused
#![feature(rustc_private)]
fn main() {}
