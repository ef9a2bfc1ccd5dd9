use std::thread::{Builder, JoinHandle};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskError {
    AlreadyStarted,
    NotStarted,
    AlreadyJoined,
    Panicked,
}
type Target<T> = Box<dyn FnOnce() -> T + Send>;
pub struct Task<T> {
    name: String,
    target: Option<Target<T>>,
    handle: Option<JoinHandle<T>>,
}
impl<T: Send + 'static> Task<T> {
    pub fn new(name: &str, target: impl FnOnce() -> T + Send + 'static) -> Task<T> {
        Task { name: name.chars().take(15).collect(), target: Some(Box::new(target)), handle: None }
    }
    pub fn name(&self) -> &str {
        &self.name
    }
    pub fn start(&mut self) -> Result<(), TaskError> {
        let target = self.target.take().ok_or(TaskError::AlreadyStarted)?;
        let builder = Builder::new().name(self.name.clone());
        self.handle = Some(builder.spawn(target).unwrap());
        Ok(())
    }
    pub fn is_alive(&self) -> bool {
        self.handle.as_ref().is_some_and(|handle| !handle.is_finished())
    }
    pub fn join(&mut self) -> Result<T, TaskError> {
        if self.target.is_some() {
            return Err(TaskError::NotStarted);
        }
        let handle = self.handle.take().ok_or(TaskError::AlreadyJoined)?;
        handle.join().map_err(|_| TaskError::Panicked)
    }
}
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
