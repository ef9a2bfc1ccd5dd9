//! Threads that count.

use std::thread::{self, Builder};

pub fn my_name() -> String {
    thread::current().name().unwrap_or("unnamed").to_owned()
}

pub fn count_in_threads<F>(names: &[&str], upto: usize, tick: F)
where
    F: Fn(usize) + Clone + Send + 'static,
{
    for name in names {
        let tick = tick.clone();
        Builder::new().name(name.to_string()).spawn(move || (1..=upto).for_each(tick)).unwrap();
    }
}
