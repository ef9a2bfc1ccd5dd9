//! More than eight arguments are split between two threads more.

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

pub fn run_each<A, R, F>(mut arguments: Vec<A>, target: F) -> Vec<thread::Result<R>>
where
    A: Send + 'static,
    R: Send + 'static,
    F: Fn(A) -> R + Clone + Send + 'static,
{
    if arguments.len() > 8 {
        // divide and conquer: starting threads takes time, too
        let second = arguments.split_off(arguments.len() / 2);
        let (f, g) = (target.clone(), target);
        let left = thread::spawn(move || run_each(arguments, f));
        let right = thread::spawn(move || run_each(second, g));
        let mut results = left.join().unwrap();
        results.extend(right.join().unwrap());
        return results;
    }
    let handles: Vec<_> = arguments
        .into_iter()
        .map(|a| {
            let target = target.clone();
            thread::spawn(move || target(a))
        })
        .collect();
    handles.into_iter().map(|h| h.join()).collect()
}
