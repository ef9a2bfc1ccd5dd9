//! At most 32 threads are started at once, and the next when those have ended.

use std::thread;

const MAX_THREADS: usize = 32;

pub fn my_name() -> String {
    thread::current().name().unwrap_or("unnamed").to_string()
}

pub fn count_in_threads<F>(names: &[&str], upto: usize, tick: F)
where
    F: Fn(usize) + Clone + Send + 'static,
{
    let mut ok = true;
    // not too many threads at once, the system has a limit
    for wave in names.chunks(MAX_THREADS) {
        let mut handles = Vec::new();
        for name in wave {
            let tick = tick.clone();
            let b = thread::Builder::new().name(name.to_string());
            handles.push(b.spawn(move || (1..=upto).for_each(&tick)).unwrap());
        }
        for h in handles {
            ok &= h.join().is_ok();
        }
    }
    assert!(ok, "a thread panicked");
}
