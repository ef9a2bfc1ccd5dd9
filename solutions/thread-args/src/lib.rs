//! Threads that get arguments of their own and give results back.

use std::thread::{self, JoinHandle};

/// The arguments of one thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// Who is greeted.
    pub name: String,
    /// How.
    pub word: String,
    /// How often.
    pub times: usize,
}

impl Greeting {
    /// Greets `name` with `Hello`, once.
    pub fn to(name: &str) -> Greeting {
        Greeting { name: name.to_owned(), word: "Hello".to_owned(), times: 1 }
    }

    /// `Hello Ada`, or `Hello Ada, Hello Ada, Hello Ada` for three times.
    pub fn text(&self) -> String {
        vec![format!("{} {}", self.word, self.name); self.times].join(", ")
    }
}

/// Calls `target` for each of `arguments`, each in a thread of its own, all at the same time.
/// No other thread is started.
pub fn run_each<A, R, F>(arguments: Vec<A>, target: F) -> Vec<thread::Result<R>>
where
    A: Send + 'static,
    R: Send + 'static,
    F: Fn(A) -> R + Clone + Send + 'static,
{
    let start = |argument| {
        let target = target.clone();
        // `move`: the argument changes hands here, once and for all. There is no variable
        // left that a later round of the loop could change under the thread.
        thread::spawn(move || target(argument))
    };
    let threads: Vec<JoinHandle<R>> = arguments.into_iter().map(start).collect();
    // Joined in the order of the arguments, whoever ends first.
    threads.into_iter().map(JoinHandle::join).collect()
}
