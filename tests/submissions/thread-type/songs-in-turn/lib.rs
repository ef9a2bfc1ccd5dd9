use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskError {
    AlreadyStarted,
    NotStarted,
    AlreadyJoined,
    Panicked,
}

enum State<T> {
    Idle(Box<dyn FnOnce() -> T + Send>),
    Busy(JoinHandle<T>),
    Empty,
}

pub struct Task<T> {
    name: String,
    state: State<T>,
}

impl<T: Send + 'static> Task<T> {
    pub fn new(name: &str, target: impl FnOnce() -> T + Send + 'static) -> Task<T> {
        Task { name: name.to_owned(), state: State::Idle(Box::new(target)) }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn start(&mut self) -> Result<(), TaskError> {
        self.state = match std::mem::replace(&mut self.state, State::Empty) {
            State::Idle(target) => State::Busy(
                thread::Builder::new().name(self.name.clone()).spawn(target).expect("no thread"),
            ),
            other => {
                self.state = other;
                return Err(TaskError::AlreadyStarted);
            }
        };
        Ok(())
    }

    pub fn is_alive(&self) -> bool {
        match &self.state {
            State::Busy(handle) => !handle.is_finished(),
            State::Idle(_) | State::Empty => false,
        }
    }

    pub fn join(&mut self) -> Result<T, TaskError> {
        match std::mem::replace(&mut self.state, State::Empty) {
            State::Busy(handle) => handle.join().map_err(|_| TaskError::Panicked),
            State::Empty => Err(TaskError::AlreadyJoined),
            idle => {
                self.state = idle;
                Err(TaskError::NotStarted)
            }
        }
    }
}

/// There is one stage, and the plays of two songs must not be mixed.
static STAGE: Mutex<()> = Mutex::new(());

pub fn song(
    title: &str,
    times: usize,
    mut play: impl FnMut(usize) + Send + 'static,
) -> Task<usize> {
    Task::new(title, move || {
        let _on_stage = STAGE.lock().unwrap_or_else(PoisonError::into_inner);
        for number in 1..=times {
            play(number);
        }
        times
    })
}
