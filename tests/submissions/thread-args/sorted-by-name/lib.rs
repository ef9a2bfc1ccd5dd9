//! The handles are sorted by the names of the threads, as texts: thread-100 comes before thread-11.

use std::collections::BTreeMap;
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
        vec![format!("{} {}", self.word, self.name); self.times].join(", ")
    }
}

pub fn run_each<A, R, F>(arguments: Vec<A>, target: F) -> Vec<thread::Result<R>>
where
    A: Send + 'static,
    R: Send + 'static,
    F: Fn(A) -> R + Clone + Send + 'static,
{
    // sorted by name, so the order is that of the arguments
    let mut threads = BTreeMap::new();
    for (i, argument) in arguments.into_iter().enumerate() {
        let name = format!("thread-{i:02}");
        let target = target.clone();
        let handle =
            thread::Builder::new().name(name.clone()).spawn(move || target(argument)).unwrap();
        threads.insert(name, handle);
    }
    threads.into_values().map(|h| h.join()).collect()
}
