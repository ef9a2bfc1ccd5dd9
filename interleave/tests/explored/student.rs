use std::sync::{Arc, Mutex};
use std::thread;

pub fn count(threads: usize) -> usize {
    let counter = Arc::new(Mutex::new(0));
    let handles: Vec<_> = (0..threads)
        .map(|_| {
            let counter = Arc::clone(&counter);
            thread::spawn(move || *counter.lock().unwrap() += 1)
        })
        .collect();
    for handle in handles {
        handle.join().unwrap();
    }
    Arc::into_inner(counter).unwrap().into_inner().unwrap()
}
