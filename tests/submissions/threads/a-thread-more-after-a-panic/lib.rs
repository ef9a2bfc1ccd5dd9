//! After a panic one more thread is started, which joins the others.

use std::panic::resume_unwind;
use std::thread;

pub fn my_name() -> String {
    thread::current().name().unwrap_or("unnamed").to_string()
}

pub fn count_in_threads<F>(names: &[&str], upto: usize, tick: F)
where
    F: Fn(usize) + Clone + Send + 'static,
{
    let mut handles = names
        .iter()
        .map(|name| {
            let tick = tick.clone();
            let builder = thread::Builder::new().name(name.to_string());
            builder.spawn(move || (1..=upto).for_each(|n| tick(n))).unwrap()
        })
        .collect::<Vec<_>>()
        .into_iter();
    while let Some(handle) = handles.next() {
        if let Err(payload) = handle.join() {
            // panic at once; somebody else cleans up behind us
            let cleaner = thread::Builder::new().name("cleaner".to_string());
            let _ = cleaner.spawn(move || handles.for_each(|h| drop(h.join())));
            resume_unwind(payload);
        }
    }
}
