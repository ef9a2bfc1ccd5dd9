//! outcome: refused
#[link(name = "/../../../../../../SECRET", kind = "static")]
unsafe extern "C" {}
fn main() {}
