//! A thread type of one's own, with a target, a name and a result.

use std::mem;
use std::thread::{Builder, JoinHandle};

/// What cannot be done with a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskError {
    /// A task is started once.
    AlreadyStarted,
    /// Nobody can wait for what was never started.
    NotStarted,
    /// The result was taken by an earlier `join`.
    AlreadyJoined,
    /// The target panicked, so there is no result.
    Panicked,
}

/// A thread that is made first and started later. It owns what it will run.
pub struct Task<T> {
    name: String,
    state: State<T>,
}

/// The life of a task. Each state owns what can be used up in it, so that nothing can be
/// used twice.
enum State<T> {
    // A box: every closure has a type of its own, and a task should not.
    New(Box<dyn FnOnce() -> T + Send>),
    Started(JoinHandle<T>),
    Joined,
}

impl<T: Send + 'static> Task<T> {
    /// A task called `name` that will run `target`. Nothing runs yet.
    pub fn new(name: &str, target: impl FnOnce() -> T + Send + 'static) -> Task<T> {
        Task { name: name.to_owned(), state: State::New(Box::new(target)) }
    }

    /// The name of the task, and of its thread.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Starts one thread, of that name, which runs the target; does not wait for it.
    pub fn start(&mut self) -> Result<(), TaskError> {
        // The target can be called once only, so it has to be taken out of `self`, and
        // something has to take its place meanwhile.
        match mem::replace(&mut self.state, State::Joined) {
            State::New(target) => {
                let thread = Builder::new().name(self.name.clone()).spawn(target);
                self.state = State::Started(thread.expect("the system has threads left"));
                Ok(())
            }
            other => {
                self.state = other;
                Err(TaskError::AlreadyStarted)
            }
        }
    }

    /// Whether the task was started and its thread has not ended yet.
    pub fn is_alive(&self) -> bool {
        matches!(&self.state, State::Started(thread) if !thread.is_finished())
    }

    /// Returns what the target returned, once its thread has ended.
    pub fn join(&mut self) -> Result<T, TaskError> {
        match mem::replace(&mut self.state, State::Joined) {
            State::New(target) => {
                self.state = State::New(target);
                Err(TaskError::NotStarted)
            }
            State::Started(thread) => thread.join().map_err(|_| TaskError::Panicked),
            State::Joined => Err(TaskError::AlreadyJoined),
        }
    }
}

/// A task called `title` that calls `play(1)`, `play(2)`, ..., `play(times)`.
pub fn song(title: &str, times: usize, play: impl FnMut(usize) + Send + 'static) -> Task<usize> {
    Task::new(title, move || {
        (1..=times).for_each(play);
        times
    })
}
