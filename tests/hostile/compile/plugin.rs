//! A macro of this kind would run inside the compiler, but first has to be compiled,
//! and the command line says what is made.
//! outcome: compiles
#![crate_type = "proc-macro"]
fn main() {}
