//! Threads with arguments.

use std::sync::atomic::{AtomicUsize, Ordering};
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
    let arguments: Vec<_> = arguments.into_iter().map(|it| Mutex::new(Some(it))).collect();
    let (count, arguments) = (arguments.len(), Arc::new(arguments));
    let index = Arc::new(AtomicUsize::new(0));
    let mut threads = Vec::new();
    while index.load(Ordering::SeqCst) < count {
        let (target, arguments, shared) = (target.clone(), arguments.clone(), index.clone());
        threads.push(thread::spawn(move || {
            let mine = shared.load(Ordering::SeqCst);
            let argument = arguments[mine].lock().unwrap().take();
            target(argument.expect("somebody else was here before"))
        }));
        index.fetch_add(1, Ordering::SeqCst);
    }
    threads.into_iter().map(|thread| thread.join()).collect()
}
