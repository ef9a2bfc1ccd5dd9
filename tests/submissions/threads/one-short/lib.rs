//! Threads that count.

use std::thread::{self, Builder};

pub fn my_name() -> String {
    thread::current().name().unwrap_or("unnamed").to_owned()
}

pub fn count_in_threads<F>(names: &[&str], upto: usize, tick: F)
where
    F: Fn(usize) + Clone + Send + 'static,
{
    let mut threads = Vec::new();
    for name in names {
        let tick = tick.clone();
        let count = move || {
            for number in 1..upto {
                tick(number);
            }
        };
        threads.push(Builder::new().name(name.to_string()).spawn(count).unwrap());
    }
    for thread in threads {
        thread.join().unwrap();
    }
}
