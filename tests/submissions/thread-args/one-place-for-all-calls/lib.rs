//! The number of a result is a static that goes on counting in the next call.

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
    static NEXT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let count = arguments.len();
    let results = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let handles: Vec<_> = arguments
        .into_iter()
        .map(|argument| {
            let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let (target, results) = (target.clone(), results.clone());
            thread::spawn(move || {
                let result =
                    std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| target(argument)));
                results.lock().unwrap().push((number, result));
            })
        })
        .collect();
    for handle in handles {
        handle.join().unwrap();
    }
    let mut results = std::mem::take(&mut *results.lock().unwrap());
    results.retain(|(number, _)| *number < count);
    results.sort_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}
