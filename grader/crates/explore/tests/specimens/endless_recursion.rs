fn depth(n: u64) -> u64 {
    if n == u64::MAX { 0 } else { 1 + std::hint::black_box(depth(n + 1)) }
}

#[test]
fn recurses_for_ever() {
    let thread = std::thread::Builder::new().name("digger".into()).spawn(|| depth(0)).unwrap();
    thread.join().unwrap();
}
