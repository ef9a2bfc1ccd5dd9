//! Takes all the memory there is, and touches it.
//! verdict: limit
fn main() {
    let mut hoard = Vec::new();
    loop {
        hoard.push(vec![1u8; 16 << 20]);
    }
}
