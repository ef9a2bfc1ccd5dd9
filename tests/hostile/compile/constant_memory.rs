//! costly
//! Takes memory while it is compiled.
//! outcome: stopped
#![allow(long_running_const_eval)]
const fn hoard() -> [u64; 1 << 28] {
    let mut all = [0; 1 << 28];
    let mut at = 0;
    while at < all.len() {
        all[at] = at as u64;
        at += 1;
    }
    all
}
static ALL: [u64; 1 << 28] = hoard();
fn main() {
    println!("{}", ALL[std::process::id() as usize]);
}
