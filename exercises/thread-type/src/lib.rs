//! A thread type of one's own, with a target, a name and a result.
//!
//! This is the only file that you edit. `cargo test -p thread-type` judges it.

/// What cannot be done with a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskError {
    /// A task is started once, whatever became of it.
    AlreadyStarted,
    /// Nobody can wait for what was never started.
    NotStarted,
    /// The result was taken by an earlier `join`.
    AlreadyJoined,
    /// The target panicked, so there is no result; a later `join` may say so again.
    Panicked,
}

/// A thread that is made first and started later. It owns what it will run.
///
/// What is dropped before its start never runs. What becomes of a thread whose task is dropped
/// is up to you, but its panic does not come out there. Tasks run side by side, and several may
/// have the same name.
pub struct Task<T> {
    // A task goes from "not started" over "started" to "joined". What belongs to each?
    todo: std::marker::PhantomData<T>,
}

impl<T: Send + 'static> Task<T> {
    /// A task called `name`, a text without zero bytes, that will run `target`. Nothing runs
    /// yet, no thread either.
    pub fn new(name: &str, target: impl FnOnce() -> T + Send + 'static) -> Task<T> {
        let _ = (name, target);
        todo!("keep the name and the target")
    }

    /// The name of the task, and of its thread.
    pub fn name(&self) -> &str {
        todo!("the name")
    }

    /// Starts one thread, of that name, which runs the target; does not wait for the target, nor
    /// for a while. May panic if the system has no thread left.
    pub fn start(&mut self) -> Result<(), TaskError> {
        todo!("take the target, spawn a thread for it")
    }

    /// Whether the task was started and its thread has not ended yet. Never waits.
    ///
    /// Between the end of the target and that of the thread either answer is right; after
    /// `join` the thread counts as ended.
    pub fn is_alive(&self) -> bool {
        todo!("ask the thread, if there is one")
    }

    /// Returns what the target returned, once it has.
    pub fn join(&mut self) -> Result<T, TaskError> {
        todo!("wait for the thread, take its result")
    }
}

/// A task called `title` that calls `play(1)`, `play(2)`, ..., `play(times)`, and returns how
/// often it has played.
pub fn song(title: &str, times: usize, play: impl FnMut(usize) + Send + 'static) -> Task<usize> {
    let _ = (title, times, play);
    todo!("a task whose target plays")
}
