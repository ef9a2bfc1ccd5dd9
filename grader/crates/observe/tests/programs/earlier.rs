//! A guard that was given back, of which the stack still holds the traces, and one that was
//! forgotten.

use std::sync::{Arc, Mutex};
use std::thread;

fn touch(lock: &Mutex<u32>) {
    {
        let mut before = lock.lock().unwrap();
        *before += 1;
    }
    let _now = lock.lock().unwrap();
}

fn main() {
    let lock = Arc::new(Mutex::new(0));
    let (asked, taken) = (Arc::new(thread::current()), lock.clone());
    touch(&lock);
    let keeper = thread::Builder::new().name("keeper".to_owned()).spawn(move || {
        std::mem::forget(taken.lock());
        asked.unpark();
        thread::park();
    });
    thread::park();
    touch(&lock);
    keeper.unwrap().join().unwrap();
}
