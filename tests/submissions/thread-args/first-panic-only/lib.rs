//! What the first thread panicked with is kept, and all others get a text of ours.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
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
    let reason: Arc<Mutex<Option<Box<dyn Any + Send>>>> = Arc::default();
    let mut handles = Vec::new();
    for a in arguments {
        let target = target.clone();
        let reason = Arc::clone(&reason);
        handles.push(thread::spawn(move || -> Option<R> {
            match catch_unwind(AssertUnwindSafe(|| target(a))) {
                Ok(r) => Some(r),
                Err(payload) => {
                    let mut reason = reason.lock().unwrap();
                    if reason.is_none() {
                        *reason = Some(payload);
                    }
                    None
                }
            }
        }));
    }
    let done: Vec<Option<R>> = handles.into_iter().map(|h| h.join().unwrap()).collect();
    done.into_iter()
        .map(|r| match r {
            Some(r) => Ok(r),
            None => {
                let reason = reason.lock().unwrap().take();
                Err(reason.unwrap_or_else(|| Box::new("another panic")))
            }
        })
        .collect()
}
