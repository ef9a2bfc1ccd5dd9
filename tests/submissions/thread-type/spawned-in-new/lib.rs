//! `new` spawns the thread already, which waits until `start` lets it go.

use std::sync::mpsc::{Sender, channel};
use std::thread::{self, JoinHandle};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskError {
    AlreadyStarted,
    NotStarted,
    AlreadyJoined,
    Panicked,
}

pub struct Task<T> {
    name: String,
    go: Option<Sender<()>>,
    handle: Option<JoinHandle<Option<T>>>,
}

impl<T: Send + 'static> Task<T> {
    pub fn new(name: &str, target: impl FnOnce() -> T + Send + 'static) -> Task<T> {
        let (go, wait) = channel();
        let handle = thread::Builder::new()
            .name(name.to_string())
            .spawn(move || match wait.recv() {
                Ok(()) => Some(target()),
                // the task was dropped before it was started
                Err(_) => None,
            })
            .unwrap();
        Task { name: name.to_string(), go: Some(go), handle: Some(handle) }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn start(&mut self) -> Result<(), TaskError> {
        match self.go.take() {
            Some(go) => {
                go.send(()).unwrap();
                Ok(())
            }
            None => Err(TaskError::AlreadyStarted),
        }
    }

    pub fn is_alive(&self) -> bool {
        self.go.is_none() && self.handle.as_ref().is_some_and(|h| !h.is_finished())
    }

    pub fn join(&mut self) -> Result<T, TaskError> {
        if self.go.is_some() {
            return Err(TaskError::NotStarted);
        }
        match self.handle.take() {
            None => Err(TaskError::AlreadyJoined),
            Some(h) => h.join().ok().flatten().ok_or(TaskError::Panicked),
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
