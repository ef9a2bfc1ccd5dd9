//! A task whose result waits in a slot.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::Builder;

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
    slot: Arc<Slot<T>>,
}

struct Slot<T> {
    state: Mutex<State<T>>,
    ended: Condvar,
}

enum State<T> {
    Waiting,
    Running,
    Ended(Result<T, TaskError>),
    Taken,
}

impl<T: Send + 'static> Task<T> {
    pub fn new(name: &str, target: impl FnOnce() -> T + Send + 'static) -> Task<T> {
        let slot = Slot { state: Mutex::new(State::Waiting), ended: Condvar::new() };
        Task { name: name.to_owned(), target: Some(Box::new(target)), slot: Arc::new(slot) }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn start(&mut self) -> Result<(), TaskError> {
        let target = self.target.take().ok_or(TaskError::AlreadyStarted)?;
        *self.slot.state.lock().unwrap() = State::Running;
        let slot = Arc::clone(&self.slot);
        let run = move || {
            // The lock is not held while the target runs, so a panic poisons nothing.
            let result = catch_unwind(AssertUnwindSafe(target)).map_err(|_| TaskError::Panicked);
            *slot.state.lock().unwrap() = State::Ended(result);
            slot.ended.notify_all();
        };
        Builder::new().name(self.name.clone()).spawn(run).expect("the system has threads left");
        Ok(())
    }

    pub fn is_alive(&self) -> bool {
        matches!(*self.slot.state.lock().unwrap(), State::Running)
    }

    pub fn join(&mut self) -> Result<T, TaskError> {
        let mut state = self.slot.state.lock().unwrap();
        while matches!(*state, State::Running) {
            state = self.slot.ended.wait(state).unwrap();
        }
        match std::mem::replace(&mut *state, State::Taken) {
            State::Waiting => {
                *state = State::Waiting;
                Err(TaskError::NotStarted)
            }
            State::Ended(result) => result,
            State::Running | State::Taken => Err(TaskError::AlreadyJoined),
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
