//! outcome: refused
extern crate solution;
fn main() {}
