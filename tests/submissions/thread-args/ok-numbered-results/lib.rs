//! Threads with arguments.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::channel;
use std::thread;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    pub name: String,
    pub word: String,
    pub times: usize,
}

impl Greeting {
    pub fn to(name: &str) -> Greeting {
        Greeting { name: name.to_owned(), word: "Hello".to_owned(), times: 1 }
    }

    pub fn text(&self) -> String {
        vec![format!("{} {}", self.word, self.name); self.times].join(", ")
    }
}

pub fn run_each<A, R, F>(arguments: Vec<A>, target: F) -> Vec<thread::Result<R>>
where
    A: Send + 'static,
    R: Send + 'static,
    F: Fn(A) -> R + Clone + Send + 'static,
{
    let (sender, finished) = channel();
    let mut results: Vec<_> = arguments.iter().map(|_| None).collect();
    for (number, argument) in arguments.into_iter().enumerate() {
        let (target, sender) = (target.clone(), sender.clone());
        thread::spawn(move || {
            let result = catch_unwind(AssertUnwindSafe(|| target(argument)));
            // The caller waits for every result, so somebody listens.
            let _ = sender.send((number, result));
        });
    }
    drop(sender);
    for (number, result) in finished {
        results[number] = Some(result);
    }
    results.into_iter().map(|result| result.expect("every thread sends one")).collect()
}
