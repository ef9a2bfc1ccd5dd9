//! A panic is noted in a static that nobody resets, so every later call panics too.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

static FAILED: AtomicBool = AtomicBool::new(false);

pub fn my_name() -> String {
    thread::current().name().unwrap_or("unnamed").to_string()
}

pub fn count_in_threads<F>(names: &[&str], upto: usize, tick: F)
where
    F: Fn(usize) + Clone + Send + 'static,
{
    let mut handles = Vec::new();
    for name in names {
        let tick = tick.clone();
        handles.push(
            thread::Builder::new()
                .name(name.to_string())
                .spawn(move || {
                    let counted = catch_unwind(AssertUnwindSafe(|| {
                        for i in 1..=upto {
                            tick(i);
                        }
                    }));
                    if counted.is_err() {
                        FAILED.store(true, Ordering::SeqCst);
                    }
                })
                .unwrap(),
        );
    }
    for h in handles {
        h.join().unwrap();
    }
    if FAILED.load(Ordering::SeqCst) {
        panic!("a thread has panicked");
    }
}
