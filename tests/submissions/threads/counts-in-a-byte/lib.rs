//! The loop counts in a u8, so 300 ticks become 44.

use std::thread;

pub fn my_name() -> String {
    thread::current().name().unwrap_or("unnamed").to_string()
}

pub fn count_in_threads<F>(names: &[&str], upto: usize, tick: F)
where
    F: Fn(usize) + Clone + Send + 'static,
{
    let limit = upto as u8;
    let handles: Vec<_> = names
        .iter()
        .map(|name| {
            let tick = tick.clone();
            thread::Builder::new()
                .name(name.to_string())
                .spawn(move || (1..=limit).for_each(|i| tick(i.into())))
                .unwrap()
        })
        .collect();
    let results: Vec<_> = handles.into_iter().map(|h| h.join()).collect();
    for r in results {
        r.unwrap();
    }
}
