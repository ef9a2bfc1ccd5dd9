//! One thread more starts the others and joins them.
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
        for i in 0..self.times {
            if i > 0 {
                text.push_str(", ");
            }
            text += &self.word;
            text.push(' ');
            text += &self.name;
        }
        text
    }
}

pub fn run_each<A, R, F>(arguments: Vec<A>, target: F) -> Vec<thread::Result<R>>
where
    A: Send + 'static,
    R: Send + 'static,
    F: Fn(A) -> R + Clone + Send + 'static,
{
    // The caller only waits; somebody else starts and joins.
    let boss = thread::spawn(move || {
        let started: Vec<_> = arguments
            .into_iter()
            .map(|argument| {
                let target = target.clone();
                thread::spawn(move || target(argument))
            })
            .collect();
        started.into_iter().map(|thread| thread.join()).collect()
    });
    boss.join().unwrap()
}
