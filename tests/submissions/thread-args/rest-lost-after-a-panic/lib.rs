//! After a thread that panicked the results of all others count as lost.

use std::thread;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    pub name: String,
    pub word: String,
    pub times: usize,
}
impl Greeting {
    pub fn to(name: &str) -> Greeting {
        Greeting { name: name.into(), word: "Hello".into(), times: 1 }
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
    let mut handles = Vec::new();
    for argument in arguments {
        let target = target.clone();
        handles.push(thread::spawn(move || target(argument)));
    }
    let mut results = Vec::new();
    for handle in handles {
        let failed = results.iter().any(|r: &thread::Result<R>| r.is_err());
        let result = handle.join();
        results.push(if failed { Err(Box::new("another thread panicked")) } else { result });
    }
    results
}
