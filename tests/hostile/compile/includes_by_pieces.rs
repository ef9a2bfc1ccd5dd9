//! outcome: refused
fn main() {
    print!("{}", include_str!(concat!("SEC", "RET")));
    print!("{}", include_str!(concat!("/et", "c/sha", "dow")));
}
