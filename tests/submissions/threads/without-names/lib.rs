//! Threads that count.

use std::thread;

pub fn my_name() -> String {
    thread::current().name().unwrap_or("unnamed").to_owned()
}

pub fn count_in_threads<F>(names: &[&str], upto: usize, tick: F)
where
    F: Fn(usize) + Clone + Send + 'static,
{
    let mut threads = Vec::new();
    for _name in names {
        let tick = tick.clone();
        threads.push(thread::spawn(move || (1..=upto).for_each(tick)));
    }
    for thread in threads {
        thread.join().unwrap();
    }
}
