//! State and result stand in a monitor, and there is no handle.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

enum Life<T> {
    Unborn(Box<dyn FnOnce() -> T + Send>),
    Running,
    Returned(T),
    Broken,
    Fetched,
}

struct Monitor<T> {
    life: Mutex<Life<T>>,
    over: Condvar,
}

impl<T> Monitor<T> {
    fn enter(&self) -> MutexGuard<'_, Life<T>> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub struct Task<T> {
    name: Box<str>,
    monitor: Arc<Monitor<T>>,
}

impl<T: Send + 'static> Task<T> {
    pub fn new(name: &str, target: impl FnOnce() -> T + Send + 'static) -> Task<T> {
        let life = Mutex::new(Life::Unborn(Box::new(target)));
        Task { name: name.into(), monitor: Arc::new(Monitor { life, over: Condvar::new() }) }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn start(&mut self) -> Result<(), TaskError> {
        let target = {
            let mut life = self.monitor.enter();
            match mem::replace(&mut *life, Life::Running) {
                Life::Unborn(target) => target,
                other => {
                    *life = other;
                    return Err(TaskError::AlreadyStarted);
                }
            }
        };
        let monitor = Arc::clone(&self.monitor);
        thread::Builder::new()
            .name(self.name.to_string())
            .spawn(move || {
                let end = match catch_unwind(AssertUnwindSafe(target)) {
                    Ok(value) => Life::Returned(value),
                    Err(_) => Life::Broken,
                };
                *monitor.enter() = end;
                monitor.over.notify_all();
            })
            .expect("a thread");
        Ok(())
    }

    pub fn is_alive(&self) -> bool {
        matches!(*self.monitor.enter(), Life::Running)
    }

    pub fn join(&mut self) -> Result<T, TaskError> {
        let mut life = self.monitor.enter();
        loop {
            match mem::replace(&mut *life, Life::Fetched) {
                Life::Unborn(target) => {
                    *life = Life::Unborn(target);
                    return Err(TaskError::NotStarted);
                }
                Life::Running => {
                    *life = Life::Running;
                    life = self.monitor.over.wait(life).unwrap_or_else(PoisonError::into_inner);
                }
                Life::Returned(value) => return Ok(value),
                Life::Broken => {
                    *life = Life::Broken;
                    return Err(TaskError::Panicked);
                }
                Life::Fetched => return Err(TaskError::AlreadyJoined),
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskError {
    AlreadyStarted,
    NotStarted,
    AlreadyJoined,
    Panicked,
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
