//! Threads that count.

use std::thread::{self, Builder};

pub fn my_name() -> String {
    thread::current().name().unwrap_or("unnamed").to_owned()
}

pub fn count_in_threads<F>(names: &[&str], upto: usize, tick: F)
where
    F: Fn(usize) + Clone + Send + 'static,
{
    thread::scope(|scope| {
        for name in names {
            let (name, tick) = (name.to_string(), tick.clone());
            let count = move || (1..=upto).for_each(tick);
            Builder::new().name(name).spawn_scoped(scope, count).unwrap();
        }
    });
}
