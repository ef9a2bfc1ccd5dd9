//! Named threads that count at the same time.

use std::panic::resume_unwind;
use std::thread::{self, Builder};

/// The name of the thread that calls it; `unnamed` if it has none.
pub fn my_name() -> String {
    thread::current().name().unwrap_or("unnamed").to_owned()
}

/// Counts from 1 to `upto` in a thread for each of `names`, all at the same time.
///
/// No other thread is started.
pub fn count_in_threads<F>(names: &[&str], upto: usize, tick: F)
where
    F: Fn(usize) + Clone + Send + 'static,
{
    let start = |name: &&str| {
        // The thread may outlive this call as far as the compiler knows, so it gets
        // a clone of its own.
        let tick = tick.clone();
        let count = move || (1..=upto).for_each(tick);
        // `thread::spawn` gives no name and panics where this returns an error.
        Builder::new().name((*name).to_owned()).spawn(count).expect("the system has threads left")
    };
    // All are started before the first is waited for: an iterator is lazy, so without
    // `collect` each would be joined before the next begins.
    let threads: Vec<_> = names.iter().map(start).collect();
    let ended: Vec<_> = threads.into_iter().map(thread::JoinHandle::join).collect();
    // The panic of a thread ends that thread alone. Whoever joins it gets to know.
    for panic in ended.into_iter().filter_map(Result::err) {
        resume_unwind(panic);
    }
}
