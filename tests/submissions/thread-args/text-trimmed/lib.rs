//! The last comma is trimmed off, and those of the name with it.

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
        let mut text = String::new();
        for _ in 0..self.times {
            text += &format!("{} {}, ", self.word, self.name);
        }
        text.trim_end_matches([',', ' ']).to_string()
    }
}

pub fn run_each<A, R, F>(arguments: Vec<A>, target: F) -> Vec<thread::Result<R>>
where
    A: Send + 'static,
    R: Send + 'static,
    F: Fn(A) -> R + Clone + Send + 'static,
{
    let mut handles = vec![];
    for a in arguments {
        let target = target.clone();
        handles.push(thread::spawn(move || target(a)));
    }
    let mut results = vec![];
    for h in handles {
        results.push(h.join());
    }
    results
}
