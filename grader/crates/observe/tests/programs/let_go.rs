//! A thread that waits for a condition has given its lock back, and holds another.

use std::sync::{Arc, Condvar, Mutex};
use std::thread;

fn main() {
    let outer = Arc::new(Mutex::new(()));
    let inner = Arc::new((Mutex::new(false), Condvar::new()));
    let waits = {
        let (outer, inner) = (Arc::clone(&outer), Arc::clone(&inner));
        let waits = move || {
            let _monitor = outer.lock().unwrap();
            let ready = inner.0.lock().unwrap();
            let _ready = inner.1.wait_while(ready, |ready| !*ready).unwrap();
        };
        thread::Builder::new().name("waits".to_owned()).spawn(waits).unwrap()
    };
    while outer.try_lock().is_ok() {
        thread::yield_now();
    }
    // It waits once it has given `inner` back.
    let _monitor = outer.lock().unwrap();
    *inner.0.lock().unwrap() = true;
    inner.1.notify_all();
    waits.join().unwrap();
}
