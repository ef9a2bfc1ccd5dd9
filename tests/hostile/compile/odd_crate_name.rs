//! Names its crate so that what is made of it would lie elsewhere.
//! outcome: refused
#![crate_name = "../../../escaped"]
fn main() {}
