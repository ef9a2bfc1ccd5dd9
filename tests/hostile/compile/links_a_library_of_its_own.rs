//! There are no libraries here but those that it may name.
//! outcome: refused
#[link(name = "evil", kind = "static")]
unsafe extern "C" { fn evil(); }
fn main() {
    unsafe { evil() };
}
