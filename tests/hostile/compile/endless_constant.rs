//! costly
//! outcome: limit
#![allow(long_running_const_eval)]
const NEVER: u32 = {
    let mut n = 0u32;
    loop {
        n = n.wrapping_add(1);
        if n == 7 && n == 8 {
            break n;
        }
    }
};
fn main() {
    println!("{NEVER}");
}
