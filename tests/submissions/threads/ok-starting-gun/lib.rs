//! A barrier lets all threads begin together, and each takes its own tick out of a shared one.

use std::fmt;
use std::sync::{Arc, Barrier, Mutex};
use std::thread;

#[derive(Debug)]
enum CountError {
    Panicked(String),
}

impl fmt::Display for CountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CountError::Panicked(who) => write!(f, "thread {who} panicked while counting"),
        }
    }
}

pub fn my_name() -> String {
    if let Some(name) = thread::current().name() {
        return name.to_owned();
    }
    "unnamed".to_owned()
}

fn try_count<F>(names: &[&str], upto: usize, tick: F) -> Result<(), Vec<CountError>>
where
    F: Fn(usize) + Clone + Send + 'static,
{
    let gun = Arc::new(Barrier::new(names.len()));
    let master = Arc::new(Mutex::new(tick));
    let mut handles = Vec::new();
    for name in names.iter() {
        let gun = Arc::clone(&gun);
        let master = Arc::clone(&master);
        let builder = thread::Builder::new().name(name.to_string());
        let handle = builder.spawn(move || {
            let tick = {
                let guard = master.lock().unwrap();
                F::clone(&*guard)
            };
            drop(master);
            gun.wait();
            for number in 1..=upto {
                tick(number);
            }
        });
        handles.push((name.to_string(), handle.expect("spawn")));
    }
    let mut errors = Vec::new();
    for (name, handle) in handles {
        if handle.join().is_err() {
            errors.push(CountError::Panicked(name));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

pub fn count_in_threads<F>(names: &[&str], upto: usize, tick: F)
where
    F: Fn(usize) + Clone + Send + 'static,
{
    if let Err(errors) = try_count(names, upto, tick) {
        let text: Vec<String> = errors.iter().map(|e| e.to_string()).collect();
        panic!("{}", text.join("; "));
    }
}
