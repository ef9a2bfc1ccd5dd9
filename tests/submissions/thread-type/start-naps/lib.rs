//! After the start the caller sleeps a little.

use std::thread::{self, Builder, JoinHandle};
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskError {
    AlreadyStarted,
    NotStarted,
    AlreadyJoined,
    Panicked,
}

enum State<T> {
    New(Box<dyn FnOnce() -> T + Send>),
    Started(JoinHandle<T>),
    Joined,
}
pub struct Task<T> {
    name: String,
    state: State<T>,
}
impl<T: Send + 'static> Task<T> {
    pub fn new(name: &str, target: impl FnOnce() -> T + Send + 'static) -> Task<T> {
        Task { name: name.to_string(), state: State::New(Box::new(target)) }
    }
    pub fn name(&self) -> &str {
        &self.name
    }
    pub fn start(&mut self) -> Result<(), TaskError> {
        match std::mem::replace(&mut self.state, State::Joined) {
            State::New(target) => {
                let h = Builder::new().name(self.name.clone()).spawn(target).unwrap();
                self.state = State::Started(h);
                // So that it has begun when this returns.
                thread::sleep(Duration::from_millis(10));
                Ok(())
            }
            other => {
                self.state = other;
                Err(TaskError::AlreadyStarted)
            }
        }
    }
    pub fn is_alive(&self) -> bool {
        matches!(&self.state, State::Started(h) if !h.is_finished())
    }
    pub fn join(&mut self) -> Result<T, TaskError> {
        match std::mem::replace(&mut self.state, State::Joined) {
            State::New(target) => {
                self.state = State::New(target);
                Err(TaskError::NotStarted)
            }
            State::Started(h) => h.join().map_err(|_| TaskError::Panicked),
            State::Joined => Err(TaskError::AlreadyJoined),
        }
    }
}

pub fn song(
    title: &str,
    times: usize,
    mut play: impl FnMut(usize) + Send + 'static,
) -> Task<usize> {
    Task::new(title, move || {
        for n in 1..=times {
            play(n);
        }
        times
    })
}
