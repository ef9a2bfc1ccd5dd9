//! Calls itself until there is no more stack.
//! verdict: crash
//! signal: 6
fn deeper(n: u64) -> u64 {
    std::hint::black_box([n; 64]).iter().sum::<u64>() + deeper(n + 1)
}
fn main() {
    println!("{}", deeper(0));
}
