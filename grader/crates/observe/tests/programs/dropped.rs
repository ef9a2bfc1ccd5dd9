//! Main has had one of the locks, and has given it back.

use std::sync::{Arc, Barrier, Mutex};
use std::thread::{self, JoinHandle};

fn start(name: &str, locks: [&Arc<Mutex<i32>>; 2], both: &Arc<Barrier>) -> JoinHandle<()> {
    let (first, second, both) = (locks[0].clone(), locks[1].clone(), both.clone());
    let work = move || {
        let held = first.lock().unwrap();
        both.wait();
        *second.lock().unwrap() += *held;
    };
    thread::Builder::new().name(name.to_owned()).spawn(work).unwrap()
}

fn main() {
    let (left, right) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)));
    let both = Arc::new(Barrier::new(2));
    let held = left.lock().unwrap();
    let threads =
        [start("ann", [&left, &right], &both), start("bob", [&right, &left], &both)];
    drop(held);
    for thread in threads {
        thread.join().unwrap();
    }
}
