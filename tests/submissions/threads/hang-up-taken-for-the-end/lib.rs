use std::sync::mpsc;
use std::thread;

pub fn my_name() -> String {
    thread::current().name().unwrap_or("unnamed").to_string()
}

pub fn count_in_threads<F>(names: &[&str], upto: usize, tick: F)
where
    F: Fn(usize) + Clone + Send + 'static,
{
    let (done, all_done) = mpsc::channel::<()>();
    for name in names {
        let done = done.clone();
        let tick = tick.clone();
        thread::Builder::new()
            .name(name.to_string())
            .spawn(move || {
                let done = done;
                for i in 1..=upto {
                    tick(i);
                }
                done.send(()).unwrap();
            })
            .expect("spawn");
    }
    drop(done);
    // ends when the last sender is gone
    let finished = all_done.iter().count();
    if finished != names.len() {
        panic!("only {finished} of {} threads came to their end", names.len());
    }
}
