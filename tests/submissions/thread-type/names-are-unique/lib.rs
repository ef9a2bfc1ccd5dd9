use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskError {
    AlreadyStarted,
    NotStarted,
    AlreadyJoined,
    Panicked,
}

/// The names of the tasks that run: so it is easy to see who was started.
static RUNNING: Mutex<Option<HashSet<String>>> = Mutex::new(None);

fn running() -> MutexGuard<'static, Option<HashSet<String>>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Entry(String);

impl Entry {
    fn new(name: &str) -> Option<Entry> {
        let fresh = running().get_or_insert_with(HashSet::new).insert(name.to_owned());
        fresh.then(|| Entry(name.to_owned()))
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if let Some(names) = running().as_mut() {
            names.remove(&self.0);
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
        Task { name: name.to_owned(), target: Some(Box::new(target)), handle: None }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn start(&mut self) -> Result<(), TaskError> {
        if self.target.is_none() {
            return Err(TaskError::AlreadyStarted);
        }
        let Some(entry) = Entry::new(&self.name) else {
            return Err(TaskError::AlreadyStarted);
        };
        let target = self.target.take().unwrap();
        let run = move || {
            let _entry = entry;
            target()
        };
        self.handle = Some(thread::Builder::new().name(self.name.clone()).spawn(run).unwrap());
        Ok(())
    }

    pub fn is_alive(&self) -> bool {
        match &self.handle {
            Some(handle) => !handle.is_finished(),
            None => false,
        }
    }

    pub fn join(&mut self) -> Result<T, TaskError> {
        if self.target.is_some() {
            return Err(TaskError::NotStarted);
        }
        match self.handle.take() {
            Some(handle) => handle.join().map_err(|_| TaskError::Panicked),
            None => Err(TaskError::AlreadyJoined),
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
            play(number);
        }
        times
    })
}
