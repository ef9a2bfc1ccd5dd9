//! All calls put their results into one table, also those at the same time.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
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

/// The results, where all threads can get at them. Nobody knows R here, so it is Any.
static RESULTS: Mutex<Vec<Option<Box<dyn Any + Send>>>> = Mutex::new(Vec::new());

pub fn run_each<A, R, F>(arguments: Vec<A>, target: F) -> Vec<thread::Result<R>>
where
    A: Send + 'static,
    R: Send + 'static,
    F: Fn(A) -> R + Clone + Send + 'static,
{
    let count = arguments.len();
    {
        let mut results = RESULTS.lock().unwrap();
        results.clear();
        results.resize_with(count, || None);
    }
    let mut threads = Vec::new();
    for (i, argument) in arguments.into_iter().enumerate() {
        let target = target.clone();
        threads.push(thread::spawn(move || {
            let result: thread::Result<R> = catch_unwind(AssertUnwindSafe(|| target(argument)));
            RESULTS.lock().unwrap()[i] = Some(Box::new(result));
        }));
    }
    let mut all = Vec::new();
    for (i, thread) in threads.into_iter().enumerate() {
        thread.join().unwrap();
        let result = RESULTS.lock().unwrap()[i].take().unwrap();
        all.push(*result.downcast::<thread::Result<R>>().unwrap());
    }
    all
}
