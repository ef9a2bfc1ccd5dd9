//! The handles are kept by name, so of two threads of one name one is not waited for.

use std::thread;
pub fn my_name() -> String {
    match thread::current().name() {
        Some(name) => name.to_string(),
        None => String::from("unnamed"),
    }
}
pub fn count_in_threads<F>(names: &[&str], upto: usize, tick: F)
where
    F: Fn(usize) + Clone + Send + 'static,
{
    let mut handles = std::collections::BTreeMap::new();
    for name in names {
        let tick = tick.clone();
        let builder = thread::Builder::new().name(name.to_string());
        handles.insert(
            name,
            builder
                .spawn(move || {
                    for number in 1..=upto {
                        tick(number);
                    }
                })
                .unwrap(),
        );
    }
    for handle in handles.into_values() {
        handle.join().unwrap();
    }
}
