//! Each thread tells that it has counted, and nobody waits for its end.

use std::sync::mpsc::channel;
use std::thread;

pub fn my_name() -> String {
    thread::current().name().unwrap_or("unnamed").to_string()
}

pub fn count_in_threads<F>(names: &[&str], upto: usize, tick: F)
where
    F: Fn(usize) + Clone + Send + 'static,
{
    let (done, all_done) = channel();
    for name in names {
        let tick = tick.clone();
        let done = done.clone();
        thread::Builder::new()
            .name(name.to_string())
            .spawn(move || {
                let tick = std::panic::AssertUnwindSafe(tick);
                let result = std::panic::catch_unwind(|| (1..=upto).for_each(|i| tick(i)));
                done.send(result.is_ok()).unwrap();
            })
            .unwrap();
    }
    let well = names.iter().filter(|_| all_done.recv().unwrap()).count();
    assert_eq!(well, names.len(), "a thread panicked");
}
