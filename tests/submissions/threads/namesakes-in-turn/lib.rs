//! Threads of the same name count one after the other, under a lock of theirs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

pub fn my_name() -> String {
    thread::current().name().unwrap_or("unnamed").to_string()
}

pub fn count_in_threads<F>(names: &[&str], upto: usize, tick: F)
where
    F: Fn(usize) + Clone + Send + 'static,
{
    // so that the lines of two threads of one name do not get mixed up
    let mut turns: HashMap<&str, Arc<Mutex<()>>> = HashMap::new();
    let mut handles = Vec::new();
    for name in names {
        let turn = turns.entry(name).or_default().clone();
        let tick = tick.clone();
        let handle = thread::Builder::new().name(name.to_string()).spawn(move || {
            let _turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
            for n in 1..=upto {
                tick(n);
            }
        });
        handles.push(handle.unwrap());
    }
    let results: Vec<_> = handles.into_iter().map(|h| h.join()).collect();
    if results.iter().any(Result::is_err) {
        panic!("a thread panicked");
    }
}
