//! It returns when all results are there, and no thread is joined.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex};
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

struct Latch<R> {
    results: Mutex<(Vec<Option<thread::Result<R>>>, usize)>,
    all_there: Condvar,
}

pub fn run_each<A, R, F>(arguments: Vec<A>, target: F) -> Vec<thread::Result<R>>
where
    A: Send + 'static,
    R: Send + 'static,
    F: Fn(A) -> R + Clone + Send + 'static,
{
    let n = arguments.len();
    let latch = Arc::new(Latch {
        results: Mutex::new(((0..n).map(|_| None).collect(), n)),
        all_there: Condvar::new(),
    });
    for (i, a) in arguments.into_iter().enumerate() {
        let latch = Arc::clone(&latch);
        let target = target.clone();
        thread::spawn(move || {
            let result = catch_unwind(AssertUnwindSafe(|| target(a)));
            let mut state = latch.results.lock().unwrap();
            state.0[i] = Some(result);
            state.1 -= 1;
            if state.1 == 0 {
                latch.all_there.notify_one();
            }
        });
    }
    let mut state = latch.results.lock().unwrap();
    while state.1 > 0 {
        state = latch.all_there.wait(state).unwrap();
    }
    std::mem::take(&mut state.0).into_iter().flatten().collect()
}
