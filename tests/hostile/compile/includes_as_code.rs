//! outcome: refused
fn main() {
    include!("SECRET")
}
