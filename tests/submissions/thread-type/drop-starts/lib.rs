//! A task that was never started is started when it is dropped.

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
    target: Option<Box<dyn FnOnce() -> T + Send>>,
    handle: Option<JoinHandle<T>>,
    spawn: fn(&str, Box<dyn FnOnce() -> T + Send>) -> JoinHandle<T>,
}

fn spawn<T: Send + 'static>(name: &str, target: Box<dyn FnOnce() -> T + Send>) -> JoinHandle<T> {
    thread::Builder::new().name(name.to_string()).spawn(target).unwrap()
}

impl<T: Send + 'static> Task<T> {
    pub fn new(name: &str, target: impl FnOnce() -> T + Send + 'static) -> Task<T> {
        Task {
            name: name.to_string(),
            target: Some(Box::new(target)),
            handle: None,
            spawn: spawn::<T>,
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn start(&mut self) -> Result<(), TaskError> {
        let target = self.target.take().ok_or(TaskError::AlreadyStarted)?;
        self.handle = Some((self.spawn)(&self.name, target));
        Ok(())
    }

    pub fn is_alive(&self) -> bool {
        self.handle.as_ref().is_some_and(|h| !h.is_finished())
    }

    pub fn join(&mut self) -> Result<T, TaskError> {
        if self.target.is_some() {
            return Err(TaskError::NotStarted);
        }
        let handle = self.handle.take().ok_or(TaskError::AlreadyJoined)?;
        handle.join().map_err(|_| TaskError::Panicked)
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        if let Some(target) = self.target.take() {
            (self.spawn)(&self.name, target);
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
