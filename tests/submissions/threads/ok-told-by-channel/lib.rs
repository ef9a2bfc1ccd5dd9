//! Threads that count.

use std::sync::mpsc::channel;
use std::thread::{self, Builder};

pub fn my_name() -> String {
    thread::current().name().unwrap_or("unnamed").to_owned()
}

pub fn count_in_threads<F>(names: &[&str], upto: usize, tick: F)
where
    F: Fn(usize) + Clone + Send + 'static,
{
    let (alive, all_ended) = channel::<()>();
    let mut threads = Vec::new();
    for name in names {
        let (tick, alive) = (tick.clone(), alive.clone());
        let count = move || {
            let _alive = alive;
            (1..=upto).for_each(tick);
        };
        threads.push(Builder::new().name(name.to_string()).spawn(count).unwrap());
    }
    drop(alive);
    // Nothing is ever sent: the error comes when the last sender is gone.
    let _ = all_ended.recv();
    let panicked = threads.into_iter().filter(|_| true).any(|thread| thread.join().is_err());
    assert!(!panicked, "a thread panicked");
}
