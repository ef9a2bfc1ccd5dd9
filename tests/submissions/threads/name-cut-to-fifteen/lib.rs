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
        // Linux keeps 15 bytes.
        let name: String = name.chars().take(15).collect();
        let builder = thread::Builder::new().name(name);
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
    let outcomes: Vec<_> = handles.into_iter().map(|handle| handle.join()).collect();
    for outcome in outcomes {
        outcome.unwrap();
    }
}
