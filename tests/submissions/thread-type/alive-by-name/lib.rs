//! The names of running tasks are a set: of two tasks of one name the first to end takes it out.

use std::collections::HashSet;
use std::sync::Mutex;
use std::thread::{self, JoinHandle};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskError {
    AlreadyStarted,
    NotStarted,
    AlreadyJoined,
    Panicked,
}

/// The names of all tasks that run now.
static RUNNING: Mutex<Option<HashSet<String>>> = Mutex::new(None);

struct Entry(String);

impl Entry {
    fn new(name: &str) -> Entry {
        let mut running = RUNNING.lock().unwrap();
        running.get_or_insert_with(HashSet::new).insert(name.to_string());
        Entry(name.to_string())
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if let Some(running) = RUNNING.lock().unwrap().as_mut() {
            running.remove(&self.0);
        }
    }
}

pub struct Task<T> {
    name: String,
    target: Option<Box<dyn FnOnce() -> T + Send>>,
    handle: Option<JoinHandle<T>>,
}

impl<T: Send + 'static> Task<T> {
    pub fn new(name: &str, target: impl FnOnce() -> T + Send + 'static) -> Task<T> {
        Task { name: name.to_string(), target: Some(Box::new(target)), handle: None }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn start(&mut self) -> Result<(), TaskError> {
        let Some(target) = self.target.take() else {
            return Err(TaskError::AlreadyStarted);
        };
        let entry = Entry::new(&self.name);
        let handle = thread::Builder::new().name(self.name.clone()).spawn(move || {
            let _entry = entry;
            target()
        });
        self.handle = Some(handle.unwrap());
        Ok(())
    }

    pub fn is_alive(&self) -> bool {
        if self.handle.is_none() {
            return false;
        }
        let running = RUNNING.lock().unwrap();
        running.as_ref().is_some_and(|names| names.contains(&self.name))
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
        for number in 1..=times {
            play(number);
        }
        times
    })
}
