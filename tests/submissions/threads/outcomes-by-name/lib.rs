use std::collections::BTreeMap;
use std::thread;

pub fn my_name() -> String {
    thread::current().name().unwrap_or("unnamed").to_string()
}

pub fn count_in_threads<F>(names: &[&str], upto: usize, tick: F)
where
    F: Fn(usize) + Clone + Send + 'static,
{
    let handles: Vec<_> = names
        .iter()
        .map(|&name| {
            let tick = tick.clone();
            thread::Builder::new()
                .name(name.to_owned())
                .spawn(move || (1..=upto).for_each(tick))
                .expect("cannot start thread")
        })
        .collect();

    // wait for everybody first, complain afterwards
    let mut results = BTreeMap::new();
    for handle in handles {
        let name = handle.thread().name().unwrap().to_owned();
        results.insert(name, handle.join());
    }
    for (name, result) in results {
        if result.is_err() {
            panic!("{name} panicked");
        }
    }
}
