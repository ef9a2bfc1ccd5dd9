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
    let mut handles = Vec::new();
    for name in names {
        if handles.len() == 8 {
            for handle in handles.drain(..) {
                let handle: thread::JoinHandle<()> = handle;
                handle.join().unwrap();
            }
        }
        let tick = tick.clone();
        let builder = thread::Builder::new().name(name.to_string());
        handles.push(
            builder
                .spawn(move || {
                    for number in 1..=upto {
                        tick(number);
                    }
                })
                .unwrap(),
        );
    }
    for handle in handles {
        handle.join().unwrap();
    }
}
