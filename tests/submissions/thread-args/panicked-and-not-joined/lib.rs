//! A thread that panicked tells so by a channel, and nobody waits for its end.

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
        Greeting { name: name.to_string(), word: "Hello".to_string(), times: 1 }
    }

    pub fn text(&self) -> String {
        let mut parts = Vec::new();
        for _ in 0..self.times {
            parts.push(format!("{} {}", self.word, self.name));
        }
        parts.join(", ")
    }
}

pub fn run_each<A, R, F>(arguments: Vec<A>, target: F) -> Vec<thread::Result<R>>
where
    A: Send + 'static,
    R: Send + 'static,
    F: Fn(A) -> R + Clone + Send + 'static,
{
    let mut runs = Vec::new();
    for argument in arguments {
        let target = target.clone();
        let (sender, receiver) = channel();
        let handle =
            thread::spawn(move || match catch_unwind(AssertUnwindSafe(|| target(argument))) {
                Ok(value) => Some(value),
                Err(payload) => {
                    let _ = sender.send(payload);
                    None
                }
            });
        runs.push((handle, receiver));
    }
    runs.into_iter()
        .map(|(handle, receiver)| match receiver.recv() {
            Ok(payload) => Err(payload),
            // it hung up without a word: it has done well
            Err(_) => handle.join().map(|value| value.expect("a value")),
        })
        .collect()
}
