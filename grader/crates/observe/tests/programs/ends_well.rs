//! Two threads wait for each other for ever, and main does not care.

use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

fn main() {
    let locks = Arc::new([Mutex::new(1), Mutex::new(2)]);
    let all = Arc::new(Barrier::new(3));
    for me in 0..2 {
        let (locks, all) = (Arc::clone(&locks), Arc::clone(&all));
        let work = move || {
            let _mine = locks[me].lock().unwrap();
            all.wait();
            let _other = locks[1 - me].lock().unwrap();
        };
        thread::Builder::new().name(format!("worker-{me}")).spawn(work).unwrap();
    }
    all.wait();
    let rests = std::env::args().nth(1).is_some();
    thread::sleep(Duration::from_millis(if rests { 60_000 } else { 50 }));
}
