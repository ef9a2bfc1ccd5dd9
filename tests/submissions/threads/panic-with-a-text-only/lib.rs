pub fn my_name() -> String {
    match std::thread::current().name() {
        Some(name) => name.to_string(),
        None => String::from("unnamed"),
    }
}

use std::thread;

/// Counts.
pub fn count_in_threads<F>(names: &[&str], upto: usize, tick: F)
where
    F: Fn(usize) + Clone + Send + 'static,
{
    let mut handles = Vec::new();
    for name in names {
        let tick = tick.clone();
        let builder = thread::Builder::new().name(name.to_string());
        handles.push(
            builder
                .spawn(move || {
                    for n in 1..=upto {
                        tick(n)
                    }
                })
                .unwrap(),
        );
    }
    let mut message = None;
    for handle in handles {
        if let Err(panic) = handle.join() {
            if let Some(text) = panic.downcast_ref::<&str>() {
                message = Some(text.to_string());
            }
        }
    }
    if let Some(message) = message {
        panic!("{message}");
    }
}
