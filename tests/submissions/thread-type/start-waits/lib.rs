//! A thread type.

use std::sync::mpsc;
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
    target: Option<Box<dyn FnOnce() -> T + Send>>,
    thread: Option<JoinHandle<T>>,
}

impl<T: Send + 'static> Task<T> {
    pub fn new(name: &str, target: impl FnOnce() -> T + Send + 'static) -> Task<T> {
        Task { name: name.to_owned(), target: Some(Box::new(target)), thread: None }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn start(&mut self) -> Result<(), TaskError> {
        let target = self.target.take().ok_or(TaskError::AlreadyStarted)?;
        let (ended, wait) = mpsc::channel::<()>();
        let run = move || {
            let _ended = ended;
            target()
        };
        self.thread = Some(Builder::new().name(self.name.clone()).spawn(run).unwrap());
        let _ = wait.recv();
        Ok(())
    }

    pub fn is_alive(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    pub fn join(&mut self) -> Result<T, TaskError> {
        if self.target.is_some() {
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
