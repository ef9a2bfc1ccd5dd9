//! Nobody is joined: the last thread wakes the caller.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, Thread};

pub fn my_name() -> String {
    thread::current().name().unwrap_or("unnamed").to_owned()
}

struct Latch {
    left: AtomicUsize,
    failed: AtomicBool,
    main: Thread,
}

struct Done(Arc<Latch>);

impl Drop for Done {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.failed.store(true, Ordering::Relaxed);
        }
        if self.0.left.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.main.unpark();
        }
    }
}

pub fn count_in_threads<F>(names: &[&str], upto: usize, tick: F)
where
    F: Fn(usize) + Clone + Send + 'static,
{
    let latch = Arc::new(Latch {
        left: AtomicUsize::new(names.len()),
        failed: AtomicBool::new(false),
        main: thread::current(),
    });
    for name in names {
        let done = Done(latch.clone());
        let tick = tick.clone();
        thread::Builder::new()
            .name(name.to_string())
            .spawn(move || {
                let _done = done;
                let tick = tick; // goes before _done
                for number in 1..=upto {
                    tick(number);
                }
            })
            .unwrap();
    }
    while latch.left.load(Ordering::Acquire) != 0 {
        thread::park();
    }
    if latch.failed.load(Ordering::Relaxed) {
        panic!("a tick panicked");
    }
}
