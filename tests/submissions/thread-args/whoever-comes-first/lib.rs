//! Threads with arguments.

use std::sync::{Arc, Mutex};
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
    let count = arguments.len();
    let list = Arc::new(Mutex::new(arguments));
    let mut threads = Vec::new();
    for _ in 0..count {
        let (target, list) = (target.clone(), list.clone());
        threads.push(thread::spawn(move || {
            let argument = list.lock().unwrap().remove(0);
            target(argument)
        }));
    }
    threads.into_iter().map(|thread| thread.join()).collect()
}
