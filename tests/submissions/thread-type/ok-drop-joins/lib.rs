use std::cell::Cell;
use std::sync::{Arc, Weak};
use std::thread::{self, JoinHandle};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskError {
    AlreadyStarted,
    NotStarted,
    AlreadyJoined,
    Panicked,
}

type Target<T> = Box<dyn FnOnce() -> T + Send>;

/// Whoever holds the sign of life is alive.
struct SignOfLife;

pub struct Task<T> {
    name: Arc<str>,
    target: Cell<Option<Target<T>>>,
    handle: Cell<Option<JoinHandle<T>>>,
    life: Weak<SignOfLife>,
    started: bool,
}

impl<T: Send + 'static> Task<T> {
    pub fn new(name: &str, target: impl FnOnce() -> T + Send + 'static) -> Task<T> {
        let target: Target<T> = Box::new(target);
        Task {
            name: Arc::from(name),
            target: Cell::new(Some(target)),
            handle: Cell::new(None),
            life: Weak::new(),
            started: false,
        }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn start(&mut self) -> Result<(), TaskError> {
        if self.started {
            return Err(TaskError::AlreadyStarted);
        }
        self.started = true;
        let life = Arc::new(SignOfLife);
        self.life = Arc::downgrade(&life);
        let target = self.target.take().unwrap();
        let run = move || {
            let life = life;
            let value = target();
            drop(life);
            value
        };
        let builder = thread::Builder::new().name(self.name.to_string());
        self.handle.set(Some(builder.spawn(run).expect("spawn")));
        Ok(())
    }

    pub fn is_alive(&self) -> bool {
        self.life.strong_count() > 0
    }

    pub fn join(&mut self) -> Result<T, TaskError> {
        if !self.started {
            return Err(TaskError::NotStarted);
        }
        let handle = self.handle.take().ok_or(TaskError::AlreadyJoined)?;
        handle.join().or(Err(TaskError::Panicked))
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        // nobody is left alone: wait for a thread that still runs, and let its panic be
        if let Some(handle) = self.handle.take() {
            if handle.thread().id() != thread::current().id() {
                let _ = handle.join();
            }
        }
    }
}

pub fn song(
    title: &str,
    times: usize,
    mut play: impl FnMut(usize) + Send + 'static,
) -> Task<usize> {
    Task::new(title, move || (1..=times).inspect(|&number| play(number)).count())
}
