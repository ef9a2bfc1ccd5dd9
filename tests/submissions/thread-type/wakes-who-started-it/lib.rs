use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskError {
    AlreadyStarted,
    NotStarted,
    AlreadyJoined,
    Panicked,
}

enum Slot<T> {
    Empty,
    Done(T),
    Failed,
}

pub struct Task<T> {
    name: String,
    target: Option<Box<dyn FnOnce() -> T + Send>>,
    slot: Option<Arc<Mutex<Slot<T>>>>,
}

impl<T: Send + 'static> Task<T> {
    pub fn new(name: &str, target: impl FnOnce() -> T + Send + 'static) -> Task<T> {
        Task { name: name.to_string(), target: Some(Box::new(target)), slot: None }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn start(&mut self) -> Result<(), TaskError> {
        let target = self.target.take().ok_or(TaskError::AlreadyStarted)?;
        let slot = Arc::new(Mutex::new(Slot::Empty));
        self.slot = Some(slot.clone());
        let parent = thread::current();
        thread::Builder::new()
            .name(self.name.clone())
            .spawn(move || {
                let result = catch_unwind(AssertUnwindSafe(target));
                *slot.lock().unwrap() = match result {
                    Ok(value) => Slot::Done(value),
                    Err(_) => Slot::Failed,
                };
                parent.unpark();
            })
            .unwrap();
        Ok(())
    }

    pub fn is_alive(&self) -> bool {
        match &self.slot {
            Some(slot) => matches!(*slot.lock().unwrap(), Slot::Empty),
            None => false,
        }
    }

    pub fn join(&mut self) -> Result<T, TaskError> {
        if self.target.is_some() {
            return Err(TaskError::NotStarted);
        }
        let slot = self.slot.take().ok_or(TaskError::AlreadyJoined)?;
        loop {
            match std::mem::replace(&mut *slot.lock().unwrap(), Slot::Empty) {
                Slot::Done(value) => return Ok(value),
                Slot::Failed => return Err(TaskError::Panicked),
                Slot::Empty => {}
            }
            thread::park();
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
