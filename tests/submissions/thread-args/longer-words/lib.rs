//! A panic with a String is handed on with more words than it had.

use std::any::Any;
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

fn explain(place: usize, payload: Box<dyn Any + Send>) -> Box<dyn Any + Send> {
    match payload.downcast::<String>() {
        Ok(message) => Box::new(format!("thread {place} panicked: {message}")),
        Err(payload) => payload,
    }
}

pub fn run_each<A, R, F>(arguments: Vec<A>, target: F) -> Vec<thread::Result<R>>
where
    A: Send + 'static,
    R: Send + 'static,
    F: Fn(A) -> R + Clone + Send + 'static,
{
    let handles: Vec<_> = arguments
        .into_iter()
        .map(|a| {
            let target = target.clone();
            thread::spawn(move || target(a))
        })
        .collect();
    let joined = handles.into_iter().map(|h| h.join()).enumerate();
    joined.map(|(i, r)| r.map_err(|p| explain(i, p))).collect()
}
