//! Threads that count.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, Builder};

pub fn my_name() -> String {
    thread::current().name().unwrap_or("unnamed").to_owned()
}

pub fn count_in_threads<F>(names: &[&str], upto: usize, tick: F)
where
    F: Fn(usize) + Clone + Send + 'static,
{
    let counter = Arc::new(AtomicUsize::new(0));
    let mut threads = Vec::new();
    for name in names {
        let (tick, counter) = (tick.clone(), Arc::clone(&counter));
        let count = move || {
            for _ in 0..upto {
                let number = counter.fetch_add(1, Ordering::SeqCst);
                tick(number % upto + 1);
            }
        };
        threads.push(Builder::new().name(name.to_string()).spawn(count).unwrap());
    }
    for thread in threads {
        thread.join().unwrap();
    }
}
