//! Starts the first, has the others counted by itself, and then joins the first.

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
    let Some((first, rest)) = names.split_first() else { return };
    let mine = tick.clone();
    let handle = thread::Builder::new()
        .name(String::from(*first))
        .spawn(move || (1..=upto).for_each(|n| mine(n)))
        .unwrap();
    count_in_threads(rest, upto, tick);
    if let Err(payload) = handle.join() {
        std::panic::resume_unwind(payload);
    }
}
