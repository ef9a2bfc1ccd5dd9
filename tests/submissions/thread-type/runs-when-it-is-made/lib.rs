//! A thread type.

use std::thread::{Builder, JoinHandle};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskError {
    AlreadyStarted,
    NotStarted,
    AlreadyJoined,
    Panicked,
}

pub struct Task<T> {
    name: String,
    started: bool,
    thread: Option<JoinHandle<T>>,
}

impl<T: Send + 'static> Task<T> {
    pub fn new(name: &str, target: impl FnOnce() -> T + Send + 'static) -> Task<T> {
        let thread = Builder::new().name(name.to_owned()).spawn(target).unwrap();
        Task { name: name.to_owned(), started: false, thread: Some(thread) }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn start(&mut self) -> Result<(), TaskError> {
        if self.started {
            return Err(TaskError::AlreadyStarted);
        }
        self.started = true;
        Ok(())
    }

    pub fn is_alive(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    pub fn join(&mut self) -> Result<T, TaskError> {
        if !self.started {
            return Err(TaskError::NotStarted);
        }
        let thread = self.thread.take().ok_or(TaskError::AlreadyJoined)?;
        thread.join().map_err(|_| TaskError::Panicked)
    }
}

pub fn song(title: &str, times: usize, play: impl FnMut(usize) + Send + 'static) -> Task<usize> {
    Task::new(title, move || {
        (1..=times).for_each(play);
        times
    })
}
