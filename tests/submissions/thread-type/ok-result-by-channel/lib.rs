//! `join` returns as soon as the result has come through a channel; the handle is dropped.

use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskError {
    AlreadyStarted,
    NotStarted,
    AlreadyJoined,
    Panicked,
}

enum State<T> {
    Fresh(Box<dyn FnOnce() -> T + Send>),
    Started(Receiver<T>, JoinHandle<()>),
    Joined,
}

pub struct Task<T> {
    name: String,
    state: State<T>,
}

impl<T: Send + 'static> Task<T> {
    pub fn new(name: &str, target: impl FnOnce() -> T + Send + 'static) -> Task<T> {
        Task { name: name.to_string(), state: State::Fresh(Box::new(target)) }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn start(&mut self) -> Result<(), TaskError> {
        match std::mem::replace(&mut self.state, State::Joined) {
            State::Fresh(target) => {
                let (tx, rx) = mpsc::channel();
                let handle = thread::Builder::new()
                    .name(self.name.clone())
                    .spawn(move || {
                        let _ = tx.send(target());
                    })
                    .unwrap();
                self.state = State::Started(rx, handle);
                Ok(())
            }
            other => {
                self.state = other;
                Err(TaskError::AlreadyStarted)
            }
        }
    }

    pub fn is_alive(&self) -> bool {
        match &self.state {
            State::Started(_, handle) => !handle.is_finished(),
            _ => false,
        }
    }

    pub fn join(&mut self) -> Result<T, TaskError> {
        match &self.state {
            State::Fresh(_) => Err(TaskError::NotStarted),
            State::Joined => Err(TaskError::AlreadyJoined),
            State::Started(rx, _) => {
                // no value: the sender was dropped by a panic
                let result = rx.recv().map_err(|_| TaskError::Panicked);
                self.state = State::Joined;
                result
            }
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
