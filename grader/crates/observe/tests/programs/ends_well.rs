//! Two threads wait for each other for ever, and main does not care.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;
use std::{fs, thread};

static PASSED: AtomicUsize = AtomicUsize::new(0);

fn main() {
    let locks = Arc::new([Mutex::new(1), Mutex::new(2)]);
    let all = Arc::new(Barrier::new(3));
    for me in 0..2 {
        let (locks, all) = (Arc::clone(&locks), Arc::clone(&all));
        let work = move || {
            let _mine = locks[me].lock().unwrap();
            all.wait();
            PASSED.fetch_add(1, SeqCst);
            let _other = locks[1 - me].lock().unwrap();
        };
        thread::Builder::new().name(format!("worker-{me}")).spawn(work).unwrap();
    }
    all.wait();
    while PASSED.load(SeqCst) < 2 || asleep() < 2 {
        thread::yield_now();
    }
    if std::env::args().nth(1).is_some() {
        thread::sleep(Duration::from_secs(60));
    }
}

/// How many threads sleep.
fn asleep() -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    let states = tasks.map(|task| fs::read_to_string(task.unwrap().path().join("stat")).unwrap());
    states.filter(|state| state.contains(") S ")).count()
}
