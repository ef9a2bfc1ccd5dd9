//! Each thread has a mailbox of one place, which the caller empties in order before it joins.

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
    const WORD: &'static str = "Hello";
    const SEPARATOR: &'static str = ", ";

    pub fn to(name: &str) -> Greeting {
        Self { name: name.to_owned(), word: Self::WORD.to_owned(), times: 1 }
    }

    pub fn text(&self) -> String {
        (0..self.times)
            .map(|_| format!("{} {}", self.word, self.name))
            .reduce(|all, one| all + Self::SEPARATOR + &one)
            .unwrap_or_default()
    }
}

struct Mailbox<T> {
    letter: Mutex<Option<T>>,
    arrived: Condvar,
}

impl<T> Mailbox<T> {
    fn new() -> Arc<Self> {
        Arc::new(Mailbox { letter: Mutex::new(None), arrived: Condvar::new() })
    }

    fn put(&self, letter: T) {
        *self.letter.lock().unwrap() = Some(letter);
        self.arrived.notify_one();
    }

    fn take(&self) -> T {
        let mut letter = self.letter.lock().unwrap();
        loop {
            match letter.take() {
                Some(l) => return l,
                None => letter = self.arrived.wait(letter).unwrap(),
            }
        }
    }
}

struct Job<R> {
    mailbox: Arc<Mailbox<thread::Result<R>>>,
    thread: thread::JoinHandle<()>,
}

impl<R: Send + 'static> Job<R> {
    fn start(work: impl FnOnce() -> R + Send + 'static) -> Self {
        let mailbox = Mailbox::new();
        let sender = Arc::clone(&mailbox);
        let thread = thread::spawn(move || sender.put(catch_unwind(AssertUnwindSafe(work))));
        Job { mailbox, thread }
    }
}

pub fn run_each<A, R, F>(arguments: Vec<A>, target: F) -> Vec<thread::Result<R>>
where
    A: Send + 'static,
    R: Send + 'static,
    F: Fn(A) -> R + Clone + Send + 'static,
{
    let mut jobs: Vec<Job<R>> = Vec::new();
    for argument in arguments {
        let target = target.clone();
        jobs.push(Job::start(move || target(argument)));
    }
    let results = jobs.iter().map(|job| job.mailbox.take()).collect();
    for job in jobs {
        job.thread.join().expect("nothing panics outside of the work");
    }
    results
}
