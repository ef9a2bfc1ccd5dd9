/// Errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskError {
    /// a
    AlreadyStarted,
    /// b
    NotStarted,
    /// c
    AlreadyJoined,
    /// d
    Panicked,
}
/// A song.
pub fn song(
    title: &str,
    times: usize,
    mut play: impl FnMut(usize) + Send + 'static,
) -> Task<usize> {
    Task::new(title, move || {
        let mut played = 0;
        while played < times {
            played += 1;
            play(played);
        }
        played
    })
}

use std::thread::{Builder, JoinHandle};
/// A task.
pub struct Task<T> {
    name: String,
    target: Option<Box<dyn FnOnce() -> T + Send>>,
    thread: Option<JoinHandle<T>>,
    joined: bool,
}
impl<T: Send + 'static> Task<T> {
    /// New.
    pub fn new(name: &str, target: impl FnOnce() -> T + Send + 'static) -> Task<T> {
        Task { name: name.into(), target: Some(Box::new(target)), thread: None, joined: false }
    }
    /// Name.
    pub fn name(&self) -> &str {
        &self.name
    }
    /// Start.
    pub fn start(&mut self) -> Result<(), TaskError> {
        let target = self.target.take().ok_or(TaskError::AlreadyStarted)?;
        self.thread = Some(Builder::new().name(self.name.clone()).spawn(target).unwrap());
        Ok(())
    }
    /// Alive?
    pub fn is_alive(&self) -> bool {
        self.thread.as_ref().is_some_and(|t| !t.is_finished())
    }
    /// Join.
    pub fn join(&mut self) -> Result<T, TaskError> {
        let before = std::mem::replace(&mut self.joined, true);
        match self.thread.take() {
            Some(thread) => thread.join().map_err(|_| TaskError::Panicked),
            None if before => Err(TaskError::AlreadyJoined),
            None => Err(TaskError::NotStarted),
        }
    }
}
