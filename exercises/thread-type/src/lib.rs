//! A thread type of one's own, with a target, a name and a result.
//!
//! This is the only file that you edit. `cargo test -p thread-type` judges it.

/// What cannot be done with a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskError {
    /// A second `start`: a task is started once, whatever became of it.
    AlreadyStarted,
    /// A `join` before the start, which can still follow.
    NotStarted,
    /// A second `join`: the result was taken by an earlier one.
    AlreadyJoined,
    /// The target panicked, so there is no result. A later `join` says this again, or
    /// `AlreadyJoined`.
    Panicked,
}

/// A thread that is made first and started later. It owns what it will run.
///
/// A mistake of the caller, told by an `Err`, changes nothing. Tasks run side by side, and several
/// may have the same name. A task can be moved to another thread (it is `Send`): one thread may make
/// it, another start it, a third wait for it.
///
/// A task that is dropped before its start never runs. If it is dropped later, what becomes of its
/// thread is up to you, but a panic of the target does not come out there.
pub struct Task<T> {
    // A task goes from "not started" over "started" to "joined". What belongs to each?
    todo: std::marker::PhantomData<T>,
}

impl<T: Send + 'static> Task<T> {
    /// A task called `name`, a text without zero bytes, that will run `target`. Nothing runs
    /// yet, and there is no thread yet.
    pub fn new(name: &str, target: impl FnOnce() -> T + Send + 'static) -> Task<T> {
        let _ = (name, target);
        todo!("keep the name and the target")
    }

    /// The name of the task, and of its thread; the whole name, in every state.
    pub fn name(&self) -> &str {
        todo!("the name")
    }

    /// Starts one thread, of the task's name, which runs the target. Never waits, neither for the
    /// target nor for a while. May panic if the system has no thread left.
    pub fn start(&mut self) -> Result<(), TaskError> {
        todo!("take the target, spawn a thread for it")
    }

    /// Whether the task was started and its thread has not ended yet. Never waits, but for a lock
    /// that nobody holds longer than a moment.
    ///
    /// A thread ends without a `join`. Between the end of the target and that of the thread either
    /// answer is right; after `join` the thread counts as ended.
    pub fn is_alive(&self) -> bool {
        todo!("ask the thread, if there is one")
    }

    /// Waits for the target, also if a panic is taking the caller down, and returns what it
    /// returned; the errors are those of [`TaskError`]. What the target owned may go a moment later.
    pub fn join(&mut self) -> Result<T, TaskError> {
        todo!("wait for the thread, take its result")
    }
}

/// A task called `title` that calls `play(1)`, `play(2)`, ..., `play(times)`, and returns `times`.
pub fn song(title: &str, times: usize, play: impl FnMut(usize) + Send + 'static) -> Task<usize> {
    let _ = (title, times, play);
    todo!("a task whose target plays")
}
