//! Never reads what it is given.
//! verdict: pass
//! stdin: 4000000
fn main() {}
