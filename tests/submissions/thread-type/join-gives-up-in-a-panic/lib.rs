//! A join in a panic does not wait.

use std::thread::{self, JoinHandle};

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
        Task { name: name.to_owned(), state: State::New(Box::new(target)) }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn start(&mut self) -> Result<(), TaskError> {
        match std::mem::replace(&mut self.state, State::Joined) {
            State::New(target) => {
                let builder = thread::Builder::new().name(self.name.clone());
                self.state = State::Started(builder.spawn(target).unwrap());
                Ok(())
            }
            old => {
                self.state = old;
                Err(TaskError::AlreadyStarted)
            }
        }
    }

    pub fn is_alive(&self) -> bool {
        matches!(&self.state, State::Started(handle) if !handle.is_finished())
    }

    pub fn join(&mut self) -> Result<T, TaskError> {
        match std::mem::replace(&mut self.state, State::Joined) {
            State::New(target) => {
                self.state = State::New(target);
                Err(TaskError::NotStarted)
            }
            State::Started(handle) => {
                // Never block while unwinding, and never risk a second panic.
                if thread::panicking() {
                    return Err(TaskError::Panicked);
                }
                handle.join().map_err(|_| TaskError::Panicked)
            }
            State::Joined => Err(TaskError::AlreadyJoined),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskError {
    AlreadyStarted,
    NotStarted,
    AlreadyJoined,
    Panicked,
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
