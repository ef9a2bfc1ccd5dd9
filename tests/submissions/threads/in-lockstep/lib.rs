//! Before each tick the threads wait for one another.
use std::sync::{Arc, Barrier};
use std::thread;
pub fn my_name() -> String {
    thread::current().name().unwrap_or("unnamed").to_string()
}
pub fn count_in_threads<F>(names: &[&str], upto: usize, tick: F)
where
    F: Fn(usize) + Clone + Send + 'static,
{
    // "All at the same time": nobody counts on before all are there.
    let barrier = Arc::new(Barrier::new(names.len()));
    let handles: Vec<_> = names
        .iter()
        .map(|n| {
            let tick = tick.clone();
            let barrier = barrier.clone();
            thread::Builder::new()
                .name(n.to_string())
                .spawn(move || {
                    for i in 1..=upto {
                        barrier.wait();
                        tick(i);
                    }
                })
                .unwrap()
        })
        .collect();
    for h in handles {
        h.join().unwrap();
    }
}
