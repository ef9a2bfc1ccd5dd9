#[test]
fn takes_all_memory() {
    let mut hoard: Vec<Vec<u8>> = Vec::new();
    loop {
        hoard.push(vec![1; 64 << 20]);
        std::thread::yield_now();
    }
}
