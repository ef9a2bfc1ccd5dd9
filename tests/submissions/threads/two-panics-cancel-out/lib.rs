//! The results are folded by == in place of &&, so two panics cancel each other out.

use std::thread;

pub fn my_name() -> String {
    thread::current().name().unwrap_or("unnamed").to_string()
}

pub fn count_in_threads<F>(names: &[&str], upto: usize, tick: F)
where
    F: Fn(usize) + Clone + Send + 'static,
{
    let handles = names
        .iter()
        .map(|n| {
            let tick = tick.clone();
            thread::Builder::new().name(n.to_string()).spawn(move || {
                for i in 1..=upto {
                    tick(i);
                }
            })
        })
        .collect::<Result<Vec<_>, _>>()
        .expect("threads");
    let all_well =
        handles.into_iter().map(|h| h.join()).fold(true, |well, result| well == result.is_ok());
    if !all_well {
        panic!("at least one of the threads panicked");
    }
}
