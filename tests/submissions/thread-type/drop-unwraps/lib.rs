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
    handle: Option<JoinHandle<T>>,
}

impl<T: Send + 'static> Task<T> {
    pub fn new(name: &str, target: impl FnOnce() -> T + Send + 'static) -> Task<T> {
        Task { name: name.into(), target: Some(Box::new(target)), handle: None }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn start(&mut self) -> Result<(), TaskError> {
        let target = self.target.take().ok_or(TaskError::AlreadyStarted)?;
        let handle = Builder::new().name(self.name.clone()).spawn(target).expect("spawn failed");
        self.handle = Some(handle);
        Ok(())
    }

    pub fn is_alive(&self) -> bool {
        self.handle.as_ref().is_some_and(|handle| !handle.is_finished())
    }

    pub fn join(&mut self) -> Result<T, TaskError> {
        match (self.target.is_some(), self.handle.take()) {
            (true, _) => Err(TaskError::NotStarted),
            (false, Some(handle)) => handle.join().map_err(|_| TaskError::Panicked),
            (false, None) => Err(TaskError::AlreadyJoined),
        }
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        if let Some(handle) = self.handle.take() {
            handle.join().expect("the task ended well");
        }
    }
}

pub fn song(
    title: &str,
    times: usize,
    mut play: impl FnMut(usize) + Send + 'static,
) -> Task<usize> {
    Task::new(title, move || {
        for number in 1..=times {
            play(number)
        }
        times
    })
}
