use std::sync::{Arc, Barrier, Mutex};
use std::thread;

fn main() {
    let left = Arc::new(Mutex::new(1));
    let right = Arc::new(Mutex::new(2));
    let both = Arc::new(Barrier::new(2));
    let (first, second, other) = (Arc::clone(&right), Arc::clone(&left), Arc::clone(&both));
    let worker = move || {
        let _held = first.lock().unwrap();
        other.wait();
        let _wanted = second.lock().unwrap();
    };
    let worker = thread::Builder::new().name("worker-1".to_owned()).spawn(worker).unwrap();
    let _held = left.lock().unwrap();
    both.wait();
    let _wanted = right.lock().unwrap();
    worker.join().unwrap();
}
