//! `new` makes a closure that spawns the thread, and `start` calls it; a panic is remembered.

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
    starter: Option<Box<dyn FnOnce() -> JoinHandle<T> + Send>>,
    handle: Option<JoinHandle<T>>,
    after: TaskError,
}

impl<T: Send + 'static> Task<T> {
    pub fn new(name: &str, target: impl FnOnce() -> T + Send + 'static) -> Task<T> {
        let builder_name = name.to_string();
        let starter = move || thread::Builder::new().name(builder_name).spawn(target).unwrap();
        Task {
            name: name.to_string(),
            starter: Some(Box::new(starter)),
            handle: None,
            after: TaskError::NotStarted,
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn start(&mut self) -> Result<(), TaskError> {
        let starter = self.starter.take().ok_or(TaskError::AlreadyStarted)?;
        self.handle = Some(starter());
        Ok(())
    }

    pub fn is_alive(&self) -> bool {
        self.handle.as_ref().map(JoinHandle::is_finished) == Some(false)
    }

    pub fn join(&mut self) -> Result<T, TaskError> {
        let handle = self.handle.take().ok_or(self.after)?;
        let result = handle.join();
        self.after = match result {
            Ok(_) => TaskError::AlreadyJoined,
            Err(_) => TaskError::Panicked,
        };
        result.map_err(|_| TaskError::Panicked)
    }
}

pub fn song(
    title: &str,
    times: usize,
    mut play: impl FnMut(usize) + Send + 'static,
) -> Task<usize> {
    Task::new(title, move || (1..=times).inspect(|&n| play(n)).fold(0, |count, _| count + 1))
}
