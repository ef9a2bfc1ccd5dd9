//! outcome: refused
#[path = "../../../../../../../..SECRET"]
mod secret;
fn main() {}
