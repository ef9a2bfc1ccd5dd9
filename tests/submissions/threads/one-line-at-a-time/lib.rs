//! From the second tick on a lock is held around each, so that lines do not mix.

use std::sync::{Arc, Mutex};
use std::thread;

pub fn my_name() -> String {
    thread::current().name().unwrap_or("unnamed").to_string()
}

pub fn count_in_threads<F>(names: &[&str], upto: usize, tick: F)
where
    F: Fn(usize) + Clone + Send + 'static,
{
    let output = Arc::new(Mutex::new(()));
    let handles: Vec<_> = names
        .iter()
        .map(|name| {
            let tick = tick.clone();
            let output = output.clone();
            thread::Builder::new()
                .name(name.to_string())
                .spawn(move || {
                    if upto > 0 {
                        tick(1);
                    }
                    for i in 2..=upto {
                        // a panic in another thread is not our business
                        let _line = output.lock().unwrap_or_else(|e| e.into_inner());
                        tick(i);
                    }
                })
                .unwrap()
        })
        .collect();
    let failures = handles.into_iter().map(|h| h.join()).filter(|r| r.is_err()).count();
    assert_eq!(failures, 0);
}
